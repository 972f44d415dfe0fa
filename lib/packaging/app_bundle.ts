/**
 * The program as a folder that needs nothing but Deno: scripts, the dashboard's pages and the `.wasm` files.
 *
 * @module
 */

import { basename, join, resolve } from "node:path";
import { workerModules } from "../app_paths.ts";
import { buildDashboard } from "../../static/build.ts";
import { writeBill } from "./notices.ts";

/** Files that packages read at run time, from the root of the source tree. */
const wasmFiles = [
  "node_modules/@echogarden/fvad-wasm/fvad.wasm",
];

/** Runs a program and fails with what it said when it fails. */
export async function runProgram(program: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" }).output();
  if (!success) {
    throw new Error(`${basename(program)} ${args[0]} failed:\n${new TextDecoder().decode(stderr)}`);
  }
}

/** Empties a folder, or makes it. */
export async function emptyFolder(folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
}

/**
 * Writes the program into an empty folder; the same sources give the same bytes.
 *
 * What a command imports when it runs stays in scripts of its own, so that printing help or permissions loads
 * little.
 */
export async function bundleApp(folder: string): Promise<void> {
  const bundle = ["bundle", "--frozen", "--platform", "deno"];
  await runProgram(Deno.execPath(), [...bundle, "--code-splitting", "--outdir", folder, "main.ts"]);
  for (const module of workerModules) {
    const script = join(folder, basename(module, ".ts") + ".js");
    await runProgram(Deno.execPath(), [...bundle, "--output", script, module]);
  }
  await Deno.mkdir(join(folder, "wasm"));
  for (const file of wasmFiles) await Deno.copyFile(file, join(folder, "wasm", basename(file)));
  await buildDashboard(resolve(folder, "static"));
  await Deno.copyFile("LICENSE", join(folder, "LICENSE"));
  await writeBill(folder, [...await scriptsIn(folder), await dashboardScript(folder)]);
}

async function scriptsIn(folder: string): Promise<string[]> {
  const scripts: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".js")) scripts.push(await Deno.readTextFile(join(folder, name)));
  }
  return scripts;
}

/** The dashboard's script with its remarks, which the one that is served has no more. */
async function dashboardScript(folder: string): Promise<string> {
  const script = `${folder}.dashboard.js`;
  const bundle = ["bundle", "--frozen", "--platform", "browser"];
  await runProgram(Deno.execPath(), [...bundle, "--output", script, "static/app/main.tsx"]);
  const text = await Deno.readTextFile(script);
  await Deno.remove(script);
  return text;
}
