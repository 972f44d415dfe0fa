/**
 * Every command of README.md and docs/, run as it is written in a folder with scans.
 *
 * Each document gets a folder of its own with `run`, `scans/` and a home, and its blocks run in their order. Only
 * ports are others: those of the documents may be taken. A command that serves pages is asked for them and then
 * interrupted.
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandBlock, commandBlocks } from "../docs/command_blocks.ts";
import { freePort } from "../helpers/free_port.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const documents = [
  "README.md",
  ...Array.from(Deno.readDirSync(join(root, "docs")), ({ name }) => `docs/${name}`).sort(),
];

interface Place {
  folder: string;
  env: Record<string, string>;
}

async function shell(command: string, { folder, env }: Place): Promise<void> {
  const serves = command.startsWith("./run serve ");
  const child = new Deno.Command("sh", {
    // A shell would keep signals from a server to itself.
    args: ["-ec", serves ? `exec ${command}` : command],
    cwd: folder,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  let served = 0;
  const listen = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said += text;
      const address = serves && served === 0 ? /https?:\/\/[\w.:]+\S*/.exec(said) : null;
      if (!address) continue;
      const page = await fetch(address[0]);
      served = page.status;
      await page.body?.cancel();
      child.kill("SIGINT");
    }
  };
  const [{ code }] = await Promise.all([child.status, listen(child.stdout), listen(child.stderr)]);
  if (serves) assert.deepEqual([served, [0, 130].includes(code)], [200, true], `${command}\n${said}`);
  else assert.equal(code, 0, `${command}\n${said}`);
}

/** A folder in which a reader of the documents could sit, with a `sudo` that is root already. */
async function furnish(folder: string, scans: string): Promise<Place> {
  const tools = join(folder, "tools");
  await Deno.mkdir(tools);
  await Deno.mkdir(join(folder, "home"));
  await Deno.writeTextFile(join(tools, "sudo"), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  await Deno.symlink(Deno.execPath(), join(tools, "deno"));
  for (const name of ["run", "mod.ts", "lib", "static", "deno.json", "deno.lock", "node_modules"]) {
    await Deno.symlink(join(root, name), join(folder, name));
  }
  await new Deno.Command("cp", { args: ["-r", scans, join(folder, "scans")] }).output();
  return { folder, env: { PATH: `${tools}:${Deno.env.get("PATH")}`, HOME: join(folder, "home") } };
}

async function check(block: CommandBlock, place: Place): Promise<void> {
  if (block.testedBy) return void await Deno.stat(join(root, block.testedBy));
  for (const command of block.commands) {
    if (block.notRun) await shell(`sh -nc ${JSON.stringify(command)}`, place);
    else await shell(command.replaceAll(/\b8600\b/g, `${freePort()}`), place);
  }
}

Deno.test("every command of the documents does what they say", async (test) => {
  const folder = await Deno.makeTempDir();
  try {
    const scans = join(folder, "scans");
    const makeScans = "phantom --out scans --difficulty easy --subjects 6 --seconds 24";
    await shell(`${join(root, "run")} ${makeScans}`, { folder, env: {} });
    for (const document of documents) {
      const blocks = commandBlocks(await Deno.readTextFile(join(root, document)));
      if (blocks.length === 0) continue;
      const place = join(folder, document.replaceAll("/", "-"));
      await Deno.mkdir(place);
      const furnished = await furnish(place, scans);
      for (const block of blocks) {
        await test.step(`${document}:${block.line} ${block.commands[0]}`, () => check(block, furnished));
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
