/** The packed program, where neither Deno nor node is installed. @module */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Part } from "../../lib/selftest/contents_check.ts";
import type { SecurityCheck } from "../../lib/selftest/security_check.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const packed = join(root, "dist/sonospeech-linux-x64");
const onlyHere = { ignore: Deno.build.target !== "x86_64-unknown-linux-gnu" };

/** All that the packed program may find on its PATH. */
const programs = [
  ...["cat", "tail", "sha256sum", "find", "mktemp", "gzip", "tar", "chmod", "mv", "rm", "mkdir", "id"],
  ...["ffmpeg", "ffprobe"],
  // What selftest observes its network with.
  ...["sh", "unshare", "ls", "sed", "sleep"],
];

/** The command line in front of a program that takes all networks from it, where this system allows that. */
const withoutNetwork = [["unshare", "-n"], ["unshare", "-r", "-n"]].find(([program, ...args]) => {
  try {
    return new Deno.Command(program, { args: [...args, "true"], stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
});

let packing: Promise<void> | undefined;

/** Packs the program, once for all tests of this file. */
function pack(): Promise<void> {
  packing ??= (async () => {
    const { success, stderr } = await new Deno.Command(join(root, "run"), { args: ["pack"] }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  })();
  return packing;
}

/** An empty folder to work in, and an environment with the bare necessities; networks only if they are asked for. */
async function makeMachine({ hasNetwork = true } = {}) {
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
  const before = hasNetwork ? [] : withoutNetwork ?? [];
  if (!hasNetwork && !withoutNetwork) console.log("  with the network on: this system does not take it away");
  const command = (args: readonly string[], file = packed) => {
    const [program, ...rest] = [...before, file, ...args];
    return new Deno.Command(program, {
      args: rest,
      cwd: here,
      clearEnv: true,
      env: { PATH: bin, HOME: folder },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  };
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
    const unpacked = async () => {
      const [folder] = await unpackedFolders(machine.cache);
      const { ino, mtime } = await Deno.stat(join(machine.cache, folder, "deno"));
      return [folder, ino, mtime];
    };
    const before = await unpacked();
    assert.equal((await machine.run(["--version"])).code, 0);
    assert.deepEqual(await unpacked(), before, "a second start does not unpack again");
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
  name:
    "packed program makes scans, prepares them, trains, evaluates, exports, embeds and searches without a network",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine({ hasNetwork: false });
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
    for (const format of ["onnx", "safetensors", "tensorboard"]) {
      const device = format === "tensorboard" ? [] : ["--device", "wasm"];
      const passport = JSON.parse(
        await succeed("export", "runs/first", "--format", format, "--out", format, ...device, "--json"),
      );
      assert.ok(passport.files.length > 0);
    }
    const python = await Deno.readTextFile(join(machine.here, "safetensors/modeling_sonospeech.py"));
    assert.match(python, /^class SonospeechModel/m);
    await succeed("embed", "runs/first", "my scans", "--out", "embedded", "--device", "wasm");
    const words = ["--text", "four chamber view", "--top", "1", "--device", "wasm", "--json"];
    assert.equal(JSON.parse(await succeed("search", "runs/first", "data", ...words)).hits.length, 1);

    // Stopped in the midst, a training leaves a checkpoint.
    const endless = ["train", "data", "--run", "runs/second", "--device", "wasm", "--skip-gates", "--json"];
    const sets = ["data.batchSize=4", "training.epochs=100000"].flatMap((one) => ["--set", one]);
    const child = machine.command([...endless, ...sets]).spawn();
    let isAsked = false;
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      if (!isAsked && text.includes('"kind":"step"')) child.kill("SIGINT");
      isAsked ||= text.includes('"kind":"step"');
    }
    assert.equal((await child.status).code, 130, await new Response(child.stderr).text());
    const left = [...Deno.readDirSync(join(machine.here, "runs/second/checkpoints"))].map(({ name }) => name);
    assert.ok(left.some((name) => /^step-\d+\.safetensors$/.test(name)), String(left));
  },
});

Deno.test({
  name:
    "packed selftest passes, with a page, what is inside and the file's sum, and fails once a file was changed",
  ...onlyHere,
  fn: async () => {
    await using machine = await makeMachine();
    const { code, stdout, stderr } = await machine.run(["selftest", "--out", "report"]);
    assert.equal(code, 0, stdout + stderr);
    const report = JSON.parse(await Deno.readTextFile(join(machine.here, "report/selftest.json")));
    assert.equal(report.outcome, "passed");
    const sum = createHash("sha256").update(await Deno.readFile(packed)).digest("hex");
    assert.equal(report.executableSha256, sum);
    const shown = report.checks.flatMap(({ id, findings }: SecurityCheck) =>
      findings.some((one) => one.holds) ? id : []
    );
    assert.deepEqual(shown, ["contents", "permissions", "network", "server", "access", "disk", "devices"]);
    assert.deepEqual([...Deno.readDirSync(join(machine.here, "report"))].map(({ name }) => name).sort(), [
      "licences.txt",
      "sbom.spdx.json",
      "selftest.html",
      "selftest.json",
    ]);
    const bill = JSON.parse(await Deno.readTextFile(join(machine.here, "report/sbom.spdx.json")));
    assert.deepEqual(report.parts.length, bill.packages.length);
    for (const name of ["deno", "hono", "preact", "uplot", "valibot"]) {
      assert.ok(report.parts.some((part: Part) => part.name === name && part.license === "MIT"), name);
    }
    assert.ok(
      !report.parts.some((part: Part) => part.name.includes("tfjs")),
      "what is not inside is not listed",
    );

    const [unpacked] = await unpackedFolders(machine.cache);
    await Deno.writeTextFile(join(machine.cache, unpacked, "app/static/index.html"), "<p>changed", {
      append: true,
    });
    await Deno.remove(join(machine.folder, "bin/ffmpeg"));
    const second = await machine.run(["selftest", "--out", "report"]);
    assert.equal(second.code, 8, second.stdout + second.stderr);
    assert.match(
      second.stdout,
      /^failed +The program is the one that was published\n.*static\/index\.html was changed$/m,
    );
    assert.match(second.stdout, /^failed +Nothing leaves this machine\n.*phantom.*it ended with/m);
    assert.match(second.stdout, /^passed +Nobody gets in without the secret$/m);
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
    assert.deepEqual(await runs.json(), { runs: [], metricNames: [] });
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
