/**
 * Which npm packages are in a bundle, and under what licence: read from the bundle itself, so that what it does not
 * hold is not listed, and what it holds is.
 *
 * @module
 */

import { basename } from "node:path";

/** A package of which the bundle holds something. */
export interface BundledPackage {
  name: string;
  version: string;
  /** The licence's SPDX identifier. */
  license: string;
  licenseText: string;
  /** SHA-512 of the package as it was published, hexadecimal, as `deno.lock` has it. */
  sha512: string;
}

/** Licences that ask for nothing but to be named; any other must be looked at by somebody first. */
const knownLicenses = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "0BSD"];

/** Where the bundler says what follows came from. */
const origin = /^\s*\/\/ (node_modules\/\.deno\/([^/]+)\/node_modules\/(?:@[^/]+\/)?[^/]+)\//gm;

/** The folders of the packages that a script says it was made from, from the root of the source tree. */
export function packageFolders(script: string): string[] {
  return [...new Set([...script.matchAll(origin)].map(([, folder]) => folder))].sort();
}

/**
 * Reads what a package says of itself.
 *
 * @param lock The text of `deno.lock`.
 * @throws Error when its licence is not a known one, its text is missing, or `deno.lock` does not name it.
 */
export async function readPackage(folder: string, lock: string): Promise<BundledPackage> {
  const { name, version, license } = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  const fail = (must: string, received: unknown) => {
    throw new Error(`Cannot list the licence of ${name}@${version}: ${must}, received ${received}`);
  };
  if (!knownLicenses.includes(license)) fail(`it must be one of ${knownLicenses.join(", ")}`, license);
  const licenseText = await findLicenseText(folder);
  if (licenseText === null) fail("the package must hold its text", "none");
  const sha512 = lockedDigest(lock, `${name}@${version}`);
  if (sha512 === null) fail("deno.lock must hold the package's digest", "none");
  return { name, version, license, licenseText: licenseText!, sha512: sha512! };
}

/** The file LICENSE, or the part of README that is headed so. */
async function findLicenseText(folder: string): Promise<string | null> {
  let readme: string | null = null;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile) continue;
    if (/^licen[cs]e(\.(md|txt))?$/i.test(name)) return (await Deno.readTextFile(`${folder}/${name}`)).trim();
    if (/^readme(\.md)?$/i.test(name)) readme = name;
  }
  if (readme === null) return null;
  const text = await Deno.readTextFile(`${folder}/${basename(readme)}`);
  return text.match(/^#+ *licen[cs]e *\n([\s\S]*copyright[\s\S]*)$/im)?.[1].trim() ?? null;
}

function lockedDigest(lock: string, specifier: string): string | null {
  const packages: Record<string, { integrity?: string }> = JSON.parse(lock).npm;
  // Packages with peers are listed once for each choice of them, with the same bytes.
  const key = Object.keys(packages).find((key) => key === specifier || key.startsWith(`${specifier}_`));
  const digest = key === undefined ? undefined : packages[key].integrity?.match(/^sha512-(.*)$/)?.[1];
  return digest === undefined ? null : Uint8Array.fromBase64(digest).toHex();
}
