/**
 * The checks of `doctor`: each looks at one thing, changes nothing and never throws.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { checkAdapter, checkWebAssembly } from "./doctor_devices.ts";
import type { CommandContext } from "./plan.ts";

/** What a check found. */
export interface Check {
  /** What was looked at. */
  name: string;
  /** A problem stops work that most uses need; with a warning, something is slower or missing. */
  status: "ok" | "warning" | "problem";
  /** What was found. */
  found: string;
  /** What to do, where something is wrong. */
  remedy?: string;
  /** The numbers behind `found`, for scripts. */
  details?: Record<string, unknown>;
}

const gigabyte = 1e9;

/** Runs every check, one after the other, so that the measured speeds are those of an idle machine. */
export async function examine(context: CommandContext): Promise<Check[]> {
  return [
    checkDeno(Deno.version.deno),
    await checkFfmpeg(),
    await checkFfprobe(),
    await checkAdapter(),
    await checkWebAssembly(),
    checkDisk(context.workingDirectory),
    checkMemory(),
  ];
}

/** One line a check, with its remedy where something is wrong. */
export function formatReport(checks: readonly Check[]): string {
  const width = Math.max(...checks.map((check) => check.name.length));
  const lines = checks.map(({ name, status, found, remedy }) =>
    `${name.padEnd(width)}  ${status.padEnd(7)}  ${found}${remedy ? `; ${remedy}` : ""}\n`
  );
  return lines.join("");
}

/** Whether Deno is new enough. */
export function checkDeno(version: string, minimum = "2.9.6"): Check {
  const difference = version.localeCompare(minimum, "en", { numeric: true });
  const check = { name: "deno", found: version, details: { version, minimum } };
  return difference >= 0
    ? { ...check, status: "ok" }
    : { ...check, status: "problem", remedy: `start through ./run, which brings Deno ${minimum}` };
}

async function output(program: string, ...args: string[]): Promise<string | undefined> {
  try {
    const result = await new Deno.Command(program, { args, stdin: "null" }).output();
    return result.success ? new TextDecoder().decode(result.stdout) : undefined;
  } catch {
    return undefined;
  }
}

const installFfmpeg = "install it: apt-get install -y --no-install-recommends ffmpeg";

async function checkFfmpeg(): Promise<Check> {
  const name = "ffmpeg";
  const version = parseVersion(await output("ffmpeg", "-hide_banner", "-version"));
  if (!version) return { name, status: "problem", found: "missing", remedy: installFfmpeg };
  const filters = await output("ffmpeg", "-hide_banner", "-filters") ?? "";
  const hasFlite = /^\s*\S+\s+flite\s/m.test(filters);
  const details = { version, flite: hasFlite };
  if (hasFlite) return { name, status: "ok", found: `${version} with flite`, details };
  return {
    name,
    status: "warning",
    found: `${version} without flite`,
    remedy: "phantom and demo need flite's voices: use a build with --enable-libflite, as Debian's is",
    details,
  };
}

async function checkFfprobe(): Promise<Check> {
  const name = "ffprobe";
  const version = parseVersion(await output("ffprobe", "-hide_banner", "-version"));
  if (!version) return { name, status: "problem", found: "missing", remedy: installFfmpeg };
  return { name, status: "ok", found: version, details: { version } };
}

function parseVersion(text: string | undefined): string | undefined {
  return text?.match(/^\w+ version (\S+)/)?.[1];
}

function checkDisk(directory: string): Check {
  const { bavail, bsize } = statfsSync(directory);
  const freeBytes = bavail * bsize;
  const check = { name: "disk", found: `${formatGigabytes(freeBytes)} free here`, details: { freeBytes } };
  return freeBytes >= 5 * gigabyte
    ? { ...check, status: "ok" }
    : { ...check, status: "warning", remedy: "an hour of scans takes about 1 GB prepared: free some space" };
}

function checkMemory(): Check {
  const { total, available } = Deno.systemMemoryInfo();
  const limit = cgroupLimit() ?? Infinity;
  const totalBytes = Math.min(total, limit);
  const availableBytes = Math.min(available, totalBytes);
  const cores = navigator.hardwareConcurrency;
  const found = `${formatGigabytes(availableBytes)} of ${
    formatGigabytes(totalBytes)
  } available, ${cores} cores`;
  const check = { name: "memory", found, details: { totalBytes, availableBytes, cores } };
  return availableBytes >= 2 * gigabyte
    ? { ...check, status: "ok" }
    : { ...check, status: "warning", remedy: "the tiny preset takes about 1 GB: close other programs" };
}

/** The memory that a container may use, where there is a limit. */
function cgroupLimit(): number | undefined {
  for (const file of ["memory.max", "memory/memory.limit_in_bytes"]) {
    try {
      const bytes = Number(Deno.readTextFileSync(`/sys/fs/cgroup/${file}`));
      if (Number.isFinite(bytes)) return bytes;
    } catch {
      // No such control group here.
    }
  }
}

function formatGigabytes(bytes: number): string {
  return `${(bytes / gigabyte).toFixed(1)} GB`;
}
