/**
 * Deno's permission flags for a command line, as words that a shell can evaluate.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import type { Permissions, Place } from "./plan.ts";

/**
 * The flags that allow what `permissions` lists and no more.
 *
 * Files are named as given and as what they are links to, because a program may ask for either.
 *
 * @param realPath Resolves links; throws when the file does not exist.
 */
export function permissionFlags(
  permissions: Permissions,
  place: Place,
  realPath: (path: string) => string = Deno.realPathSync,
): string[] {
  if (permissions.read === "everything") {
    return ["--allow-read", ...(permissions.env ? [`--allow-env=${permissions.env.join(",")}`] : [])];
  }
  const write = absolutePaths(permissions.write ?? [], place, realPath);
  const own = absolutePaths([place.app.root], place, realPath);
  const read = absolutePaths(permissions.read ?? [], place, realPath);
  const lists = { ...permissions, read: [...new Set([...own, ...read, ...write])], write };
  const flags: string[] = [];
  for (const kind of ["read", "write", "run", "net", "env", "sys"] as const) {
    const values = lists[kind] ?? [];
    if (values.length > 0) flags.push(`--allow-${kind}=${values.join(",")}`);
  }
  return flags;
}

function absolutePaths(paths: readonly string[], place: Place, realPath: (path: string) => string): string[] {
  const all = new Set<string>();
  for (const path of paths) {
    const absolute = resolve(place.workingDirectory, path);
    all.add(nameable(absolute));
    all.add(nameable(resolveExisting(absolute, realPath)));
  }
  return shorten([...all]);
}

/** Linux takes no argument longer than 128 KiB. */
const listLimit = 100_000;

/**
 * The paths, or, where they are too many for one flag, the folders that hold them, the deepest first: a path near the
 * root stays what it is.
 *
 * @throws SonospeechError `usage` when only the whole file system would hold them all.
 */
function shorten(paths: string[]): string[] {
  const depth = (path: string) => path.split("/").length;
  while (paths.join(",").length > listLimit) {
    const deepest = paths.reduce((most, path) => Math.max(most, depth(path)), 0);
    const folders = paths.map((path) => depth(path) === deepest ? dirname(path) : path);
    if (folders.includes("/")) {
      throw new SonospeechError("usage", {
        action: "allow the program to use so many paths",
        must: "they must lie in fewer folders",
        received: `${paths.length} paths`,
      });
    }
    paths = [...new Set(folders)];
  }
  return paths;
}

/** Resolves the links of the part of the path that exists. */
function resolveExisting(path: string, realPath: (path: string) => string): string {
  const missing: string[] = [];
  for (let existing = path;; existing = dirname(existing)) {
    try {
      return join(realPath(existing), ...missing);
    } catch {
      if (existing === dirname(existing)) return path;
      missing.unshift(existing.slice(dirname(existing).length).replace(/^\//, ""));
    }
  }
}

/**
 * The path, or the nearest folder above it that a flag can name: Deno 2.9 splits the lists at every comma, with no
 * way around it.
 *
 * @throws SonospeechError `usage` when that folder would be the whole file system.
 */
function nameable(path: string): string {
  const folder = path.includes(",") ? path.slice(0, path.slice(0, path.indexOf(",")).lastIndexOf("/")) : path;
  if (folder !== "" && folder !== "/") return folder;
  throw new SonospeechError("usage", {
    action: "allow the program to use a path",
    must: "it must not be the whole file system, and its first folder must not hold a comma",
    received: path,
  });
}

/** Quotes a word for a POSIX shell. */
export function shellWord(word: string): string {
  if (word.includes("\0")) {
    throw new SonospeechError("usage", {
      action: "read the command line",
      must: "a path must not hold a NUL character",
      received: word,
    });
  }
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
