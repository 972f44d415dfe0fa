/** The packed program, where neither Deno nor node is installed. @module */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const packed = join(root, "dist/sonospeech-linux-x64");
const onlyHere = { ignore: Deno.build.target !== "x86_64-unknown-linux-gnu" };

/** All that the packed program may find on its PATH. */
const programs = [
  ...["cat", "tail", "sha256sum", "find", "mktemp", "gzip", "tar", "chmod", "mv", "rm", "mkdir", "id"],
  ...["ffmpeg", "ffprobe"],
];

let packing: Promise<void> | undefined;

/** Packs the program, once for all tests of this file. */
function pack(): Promise<void> {
  packing ??= (async () => {
    const { success, stderr } = await new Deno.Command(join(root, "run"), { args: ["pack"] }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  })();
  return packing;
}

/** An empty folder to work in, and an environment with the bare necessities. */
async function makeMachine() {
  await pack();
  const folder = await Deno.makeTempDir();
  const [here, bin] = [join(folder, "empty"), join(folder, "bin")];
  await Deno.mkdir(here);
  await Deno.mkdir(bin);
  for (const program of programs) {
    const found = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output();
    await Deno.symlink(new TextDecoder().decode(found.stdout).trim(), join(bin, program));
  }
  const cache = join(folder, ".cache/sonospeech");
  const command = (args: readonly string[], file = packed) =>
    new Deno.Command(file, {
      args: [...args],
      cwd: here,
      clearEnv: true,
      env: { PATH: bin, HOME: folder },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  const run = async (args: readonly string[], file = packed) => {
    const { code, stdout, stderr } = await command(args, file).output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  };
  const dispose = () => Deno.remove(folder, { recursive: true });
  return { folder, here, cache, command, run, [Symbol.asyncDispose]: dispose };
}

async function unpackedFolders(cache: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(cache)) if (name !== "deno") names.push(name);
  return names;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

Deno.test({
  name: "packed doctor finds everything it needs in an empty folder",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine();
    const { code, stdout, stderr } = await machine.run(["doctor", "--json"]);
    assert.equal(code, 0, stdout + stderr);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    assert.deepEqual(checks.filter((check) => check.status === "problem"), []);
    assert.deepEqual([...Deno.readDirSync(machine.here)], [], "nothing is left where it was started");
    const started = performance.now();
    assert.equal((await machine.run(["--version"])).code, 0);
    assert.ok(performance.now() - started < 2000, "a second start does not unpack again");
  },
});

Deno.test({
  name: "packed commands have their own permissions and refuse what nobody knows",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine();
    const { stdout } = await machine.run(["permissions", "doctor"]);
    assert.doesNotMatch(stdout, /--allow-(all|write|net|env)/);
    const refused = await machine.run(["doctor", "--jsn"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /the nearest one is --json/);
  },
});

Deno.test({
  name: "packed program makes scans, prepares them, trains and evaluates",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine();
    const succeed = async (...args: string[]) => {
      const { code, stdout, stderr } = await machine.run(args);
      assert.equal(code, 0, stdout + stderr);
      return stdout;
    };
    const size = ["--subjects", "6", "--seconds", "8", "--frame-rate", "8", "--frame-size", "64x80"];
    await succeed("phantom", "--out", "my scans", ...size);
    assert.match(await succeed("prepare", "my scans", "--out", "data"), /^scans +6$/m);
    const train = ["train", "data", "--run", "runs/first", "--device", "wasm", "--set", "data.batchSize=4"];
    const events = (text: string) => text.trim().split("\n").map((line) => JSON.parse(line));
    const told = events(await succeed(...train, "--set", "training.epochs=1", "--json"));
    assert.deepEqual([told[0].kind, told.at(-1).kind], ["started", "finished"]);
    assert.ok(told.some(({ kind, metrics }) => kind === "step" && Number.isFinite(metrics["loss.total"])));
    const report = JSON.parse(await succeed("evaluate", "runs/first", "data", "--device", "wasm", "--json"));
    assert.ok(report.metrics["retrieval.videoToSpeech.recallAt1"] >= 0);
  },
});

Deno.test({
  name: "packed serve answers at its address and ends on SIGTERM with 143",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine();
    const port = freePort();
    const child = machine.command(["serve", "--runs", "runs of today", "--port", `${port}`]).spawn();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await output.read();
    assert.equal(value, `dashboard at http://127.0.0.1:${port}\n`);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<!doctype html>/i);
    const runs = await fetch(`http://127.0.0.1:${port}/api/runs`);
    assert.deepEqual(await runs.json(), []);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 143);
    await output.cancel();
    assert.match(await new Response(child.stderr).text(), /^There is no folder .*\nStopped by SIGTERM\n$/);
  },
});

Deno.test({
  name: "packed program started many times at once unpacks into one folder",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine();
    const all = await Promise.all(Array.from({ length: 4 }, () => machine.run(["--version"])));
    for (const { code, stdout, stderr } of all) {
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    }
    assert.equal((await unpackedFolders(machine.cache)).length, 1);
  },
});

Deno.test({
  name: "packed program that was damaged or cut off does not start",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine();
    const bytes = await Deno.readFile(packed);
    bytes[bytes.length >> 1] ^= 1;
    for (const wrong of [bytes, bytes.subarray(0, bytes.length - 1000)]) {
      const file = join(machine.folder, "copy");
      await Deno.writeFile(file, wrong, { mode: 0o755 });
      const { code, stderr } = await machine.run(["--version"], file);
      assert.equal(code, 8);
      assert.match(stderr, /the file is damaged/);
      assert.deepEqual(await unpackedFolders(machine.cache), []);
    }
  },
});
