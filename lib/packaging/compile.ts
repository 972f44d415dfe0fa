/**
 * Builds one executable with `deno compile`, where Deno's runtime for executables can be had:
 * `deno task compile`.
 *
 * An executable has one set of permissions for all commands: reading and writing files, ffmpeg, and the loopback
 * address. The file of `./run pack` gives each command its own.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import { bundleApp, emptyFolder } from "./app_bundle.ts";

const app = ".cache/compile/app";
const target = "dist/sonospeech";

const permissions = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-run=ffmpeg,ffprobe",
  "--allow-net=127.0.0.1",
  "--allow-sys=statfs,systemMemoryInfo",
];

async function say(program: string, args: readonly string[]): Promise<{ success: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" })
    .output();
  return { success, text: new TextDecoder().decode(success ? stdout : stderr) };
}

async function compile(): Promise<void> {
  await emptyFolder(app);
  await bundleApp(app);
  const included: string[] = [];
  for await (const { name } of Deno.readDir(app)) {
    if (name !== "main.js") included.push("--include", `${app}/${name}`);
  }
  const fixed = [
    "compile",
    "--quiet",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--no-npm",
    "--output",
    target,
  ];
  const built = await say(Deno.execPath(), [...fixed, ...permissions, ...included.sort(), `${app}/main.js`]);
  if (!built.success) {
    throw new Error(
      `Cannot compile: Deno must be able to download denort, its runtime for executables, received\n${built.text}\n` +
        "Hint: name a denort of the same version in DENORT_BIN, or use ./run pack, which needs no download",
    );
  }
  // With another program in DENORT_BIN the file is written all the same, but it is not ours.
  const answer = await say(`./${target}`, ["--version"]);
  if (answer.text.trim() !== project.version) {
    await Deno.remove(target);
    throw new Error(`Cannot compile: DENORT_BIN must name denort ${Deno.version.deno}, not another program`);
  }
}

if (import.meta.main) {
  try {
    await compile();
    console.log(target);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
