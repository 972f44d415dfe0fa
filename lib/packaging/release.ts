/**
 * What is published of a version: the packed file, its bill of materials, what changed, and the sums of all three:
 * `./run release`. The same commit gives the same bytes.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { bill, pack } from "./pack.ts";

/**
 * What the changelog says of a version; of what is not released yet, where the version is not there.
 *
 * @throws Error when the changelog has neither.
 */
export function changesOf(version: string, changelog: string): string {
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((text) => text.startsWith(`## ${version}`)) ??
    sections.find((text) => text.startsWith("## Unreleased"));
  if (section) return section.trimEnd() + "\n";
  throw new Error(
    `Cannot release: CHANGELOG.md must have a section "## ${version}" or "## Unreleased", received neither`,
  );
}

/** Writes everything into the packed file's folder and returns the paths. */
async function release(): Promise<string[]> {
  const changes = changesOf(project.version, await Deno.readTextFile("CHANGELOG.md"));
  const program = await pack();
  const folder = dirname(program);
  const files = [program, join(folder, "sonospeech.spdx.json"), join(folder, "CHANGES.md")];
  await Deno.copyFile(bill, files[1]);
  await Deno.writeTextFile(files[2], changes);
  const sums = files.map((file) =>
    `${createHash("sha256").update(Deno.readFileSync(file)).digest("hex")}  ${basename(file)}\n`
  );
  await Deno.writeTextFile(join(folder, "SHA256SUMS"), sums.join(""));
  return [...files, join(folder, "SHA256SUMS")];
}

if (import.meta.main) { for (const file of await release()) console.log(file); }
