/**
 * Builds executables with `deno compile`, one for each of Deno's targets whose runtime for executables (denort) can be
 * had: `deno task compile`.
 *
 * An executable has one set of permissions for all commands: reading and writing files, ffmpeg, and the loopback
 * address. The file of `./run pack` gives each command its own.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import { bundleApp, emptyFolder } from "./app_bundle.ts";

const app = ".cache/compile/app";
const folder = "dist/compiled";

/** Deno's targets, with the files' names. */
const targets = {
  "x86_64-unknown-linux-gnu": "sonospeech-linux-x64",
  "aarch64-unknown-linux-gnu": "sonospeech-linux-arm64",
  "x86_64-apple-darwin": "sonospeech-macos-x64",
  "aarch64-apple-darwin": "sonospeech-macos-arm64",
  "x86_64-pc-windows-msvc": "sonospeech-windows-x64.exe",
  "aarch64-pc-windows-msvc": "sonospeech-windows-arm64.exe",
} as const;

type Target = keyof typeof targets;

const permissions = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-run=ffmpeg,ffprobe",
  "--allow-net=127.0.0.1",
  "--allow-sys=statfs,systemMemoryInfo",
];

/**
 * The target that an executable was made for, by its head; null when it is none that we know.
 *
 * @param bytes Its first kilobyte, or more.
 * @see https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html (e_machine),
 * https://learn.microsoft.com/windows/win32/debug/pe-format (Machine) and mach-o/loader.h (cputype)
 */
export function targetOf(bytes: Uint8Array): Target | null {
  if (bytes.length < 64) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machines: Record<string, Target> = {
    "elf 62": "x86_64-unknown-linux-gnu",
    "elf 183": "aarch64-unknown-linux-gnu",
    "mach 16777223": "x86_64-apple-darwin",
    "mach 16777228": "aarch64-apple-darwin",
    "pe 34404": "x86_64-pc-windows-msvc",
    "pe 43620": "aarch64-pc-windows-msvc",
  };
  const pe = view.getUint32(60, true);
  const machine = view.getUint32(0) === 0x7f454c46
    ? `elf ${view.getUint16(18, true)}`
    : view.getUint32(0, true) === 0xfeedfacf
    ? `mach ${view.getUint32(4, true)}`
    : view.getUint16(0) === 0x4d5a && pe + 6 <= bytes.length
    ? `pe ${view.getUint16(pe + 4, true)}`
    : "";
  return machines[machine] ?? null;
}

async function say(program: string, args: readonly string[]): Promise<{ success: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" })
    .output();
  return { success, text: new TextDecoder().decode(success ? stdout : stderr) };
}

/** Builds the executable of one target and returns its path. */
async function compile(target: Target, included: readonly string[]): Promise<string> {
  const file = `${folder}/${targets[target]}`;
  const fixed = ["compile", "--quiet", "--no-config", "--no-lock", "--no-remote", "--no-npm"];
  const places = ["--target", target, "--output", file];
  const built = await say(Deno.execPath(), [
    ...fixed,
    ...places,
    ...permissions,
    ...included,
    `${app}/main.js`,
  ]);
  if (!built.success) throw new Error(failureOf(target, built.text));
  // With another program in DENORT_BIN a file is written all the same, but it is not ours.
  const isOurs = targetOf(await headOf(file)) === target &&
    (target !== Deno.build.target || (await say(`./${file}`, ["--version"])).text.trim() === project.version);
  if (isOurs) return file;
  await Deno.remove(file);
  throw new Error(
    `Cannot compile for ${target}: DENORT_BIN must name denort ${Deno.version.deno} of this target, not another program`,
  );
}

/** What to say when Deno would not compile, from what it said. */
export function failureOf(target: string, said: string): string {
  // deno-lint-ignore no-control-regex
  const text = said.replace(/\x1b\[[0-9;]*m/g, "").split("\nStack backtrace")[0].trim();
  if (!/denort|download|dl\.deno\.land/i.test(text)) return `Cannot compile for ${target}: ${text}`;
  return `Cannot compile for ${target}: Deno must be able to download denort, its runtime for executables, received\n` +
    `${text}\n` +
    `Hint: name a denort ${Deno.version.deno} of this target in DENORT_BIN, or use ./run pack, which needs no download`;
}

async function headOf(file: string): Promise<Uint8Array> {
  using opened = await Deno.open(file);
  const head = new Uint8Array(4096);
  const length = await opened.read(head);
  return head.subarray(0, length ?? 0);
}

async function bundledFiles(): Promise<string[]> {
  await emptyFolder(app);
  await bundleApp(app);
  const included: string[] = [];
  for await (const { name } of Deno.readDir(app)) {
    // Deno takes a file without an extension for a script; licences.txt has that text, too.
    if (name !== "main.js" && name !== "LICENSE") included.push(`--include=${app}/${name}`);
  }
  return included.sort();
}

/** Compiles for every target, says which could not be, and returns the exit code: 0 when there is one at least. */
async function compileAll(): Promise<number> {
  const included = await bundledFiles();
  await emptyFolder(folder);
  let made = 0;
  for (const target of Object.keys(targets) as Target[]) {
    try {
      console.log(await compile(target, included));
      made++;
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  }
  return made > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await compileAll());
