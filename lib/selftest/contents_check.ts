/**
 * The program is the one that was published: sums of all its files, and what it is made of.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import type { AppPaths } from "../app_paths.ts";
import { type Finding, findingsOf, notTried, type SecurityCheck } from "./security_check.ts";

/** A part of the program. */
export interface Part {
  name: string;
  version: string;
  license: string;
}

/** What was found of the program's contents. */
export interface Contents {
  check: SecurityCheck;
  /** What the bill of materials lists; none when the program runs from source. */
  parts: Part[];
  /** SHA-256 of the packed file, if it was named. */
  executableSha256: string | null;
}

/**
 * Checks the program's own files.
 *
 * @param executable The packed file that unpacked the program.
 * @param denoVersion The version that runs; that of this process when it is left out.
 */
export async function checkContents(
  app: AppPaths,
  executable: string | undefined,
  denoVersion: string = Deno.version.deno,
): Promise<Contents> {
  const parts: Part[] = [];
  let executableSha256: string | null = null;
  const findings: Finding[] = [];
  if (app.isPacked) {
    findings.push(
      ...await findingsOf(
        "the program's files",
        "as they were packed",
        async () => [await sumsFinding(app.root)],
      ),
      ...await findingsOf("the list of what is inside (SPDX)", "it can be read", async () => {
        parts.push(...readParts(await Deno.readTextFile(join(app.root, "sbom.spdx.json"))));
        return partsFindings(parts, denoVersion);
      }),
    );
  } else {
    findings.push(
      notTried(
        "the program's files",
        "as they were packed",
        "it runs from source, which nothing vouches for",
      ),
      notTried(
        "the list of what is inside (SPDX)",
        "it can be read",
        "it comes with the packed file (./run pack)",
      ),
    );
  }
  if (executable !== undefined) {
    findings.push(
      ...await findingsOf("the packed file", "whole", async () => {
        const bytes = await Deno.readFile(executable);
        executableSha256 = sha256(bytes);
        return [executableFinding(bytes, app.root)];
      }),
    );
  }
  const check: SecurityCheck = {
    id: "contents",
    title: "The program is the one that was published",
    method:
      "SHA-256 of every file beside the sums that were packed with them. That these sums are the published ones, " +
      "only the packed file's own sum tells: compare it with SHA256SUMS of the release, with a program of the system " +
      "(sha256sum).",
    findings,
    facts: executableSha256 === null ? [] : [["SHA-256 of the packed file", executableSha256]],
  };
  return { check, parts, executableSha256 };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Compares all files in the folder, and those that the list names beside it, with the list. */
async function sumsFinding(root: string): Promise<Finding> {
  const listed = new Map(
    (await Deno.readTextFile(join(root, "sha256sums.txt"))).trim().split("\n")
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  const wrong: string[] = [];
  for (const [path, sum] of listed) {
    const isSame = await Deno.readFile(join(root, path)).then((bytes) => sha256(bytes) === sum, () => false);
    if (!isSame) wrong.push(`${path} was changed`);
  }
  for (const path of filesIn(root)) {
    const name = relative(root, path);
    if (name !== "sha256sums.txt" && !listed.has(name)) wrong.push(`${name} was added`);
  }
  return {
    what: `the program's ${listed.size} files, Deno among them`,
    must: "as they were packed",
    found: wrong.join(", ") || "as they were packed",
    holds: wrong.length === 0,
  };
}

function* filesIn(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* filesIn(path);
    else yield path;
  }
}

function readParts(text: string): Part[] {
  const { packages } = JSON.parse(text) as {
    packages: { name: string; versionInfo: string; licenseDeclared: string }[];
  };
  return packages.map(({ name, versionInfo, licenseDeclared }) => (
    { name, version: versionInfo, license: licenseDeclared }
  ));
}

function partsFindings(parts: readonly Part[], denoVersion: string): Finding[] {
  const unknown = parts.filter(({ license }) => !license || license === "NOASSERTION");
  const listed = parts.find(({ name }) => name === "deno")?.version;
  return [
    {
      what: `licences of the ${parts.length} parts`,
      must: "all known",
      found: unknown.map(({ name }) => name).join(", ") || "all known",
      holds: parts.length > 1 && unknown.length === 0,
    },
    {
      what: "the Deno that runs",
      must: `version ${listed ?? "of the list"}`,
      found: `version ${denoVersion}`,
      holds: listed === denoVersion,
    },
  ];
}

/** The packed file's head names its archive's sum, and the folder that it was unpacked to begins with it. */
function executableFinding(bytes: Uint8Array, root: string): Finding {
  const head = new TextDecoder().decode(bytes.subarray(0, 8192));
  const [, firstLine, sum] = /tail -n \+(\d+) "\$0" \| sha256sum\)" = "([0-9a-f]{64}) {2}-"/.exec(head) ?? [];
  const what = "the packed file: its archive, and the folder it was unpacked to";
  const must = "the sum in its head";
  if (sum === undefined) return { what, must, found: "a file that is not one of ours", holds: false };
  let start = 0;
  for (let line = 1; line < Number(firstLine); line++) start = bytes.indexOf(10, start) + 1;
  const actual = sha256(bytes.subarray(start));
  const isHere = root.split("/").includes(sum.slice(0, 16));
  const found = actual !== sum ? `another sum, ${actual}` : isHere ? must : "another folder";
  return { what, must, found, holds: actual === sum && isHere };
}
