/**
 * What goes along with the program for those who must know what it is made of: `sbom.spdx.json`, `licences.txt` and
 * `sha256sums.txt`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { type BillSource, licenseTexts, spdxDocument } from "./bill_of_materials.ts";
import { packageFolders, readPackage } from "./bundled_packages.ts";

/** Where the sums of the files beside it are kept, in the form that `sha256sum --check` reads. */
export const sumsFile = "sha256sums.txt";

/**
 * Writes `sbom.spdx.json` and `licences.txt` into the folder.
 *
 * @param scripts Texts of everything that was bundled, with the bundler's remarks on where it came from.
 * @throws Error when a package has no known licence.
 */
export async function writeBill(folder: string, scripts: readonly string[]): Promise<void> {
  const lock = await Deno.readTextFile("deno.lock");
  const folders = [...new Set(scripts.flatMap(packageFolders))].sort();
  const source: BillSource = {
    version: project.version,
    licenseText: await Deno.readTextFile("LICENSE"),
    denoVersion: Deno.version.deno,
    created: await sourceTime(),
    packages: await Promise.all(folders.map((path) => readPackage(path, lock))),
  };
  const bill = JSON.stringify(spdxDocument(source), null, 2) + "\n";
  await Deno.writeTextFile(join(folder, "sbom.spdx.json"), bill);
  await Deno.writeTextFile(join(folder, "licences.txt"), licenseTexts(source));
}

/** When the sources were committed; the beginning of time for sources without a history. */
async function sourceTime(): Promise<Date> {
  try {
    const log = new Deno.Command("git", {
      args: ["-c", "safe.directory=*", "log", "-1", "--format=%ct"],
      stderr: "null",
    });
    const { success, stdout } = await log.output();
    if (success) return new Date(1000 * Number(new TextDecoder().decode(stdout)));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
  }
  return new Date(0);
}

/** Writes the sums of all files in the folder, and of further ones, named by their path from there. */
export async function writeSums(folder: string, further: readonly string[] = []): Promise<void> {
  const files = [...await filesIn(folder), ...further].map((path) => relative(folder, path)).sort();
  const lines = files.filter((path) => path !== sumsFile).map((path) => sumLine(folder, path));
  await Deno.writeTextFile(join(folder, sumsFile), lines.join(""));
}

function sumLine(folder: string, path: string): string {
  return `${createHash("sha256").update(Deno.readFileSync(join(folder, path))).digest("hex")}  ${path}\n`;
}

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) files.push(...await filesIn(path));
    else files.push(path);
  }
  return files;
}
