/** The script `run`: what it looks for and what it says, on machines made of a PATH. @module */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTally } from "./run_tests.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const linuxOnly = { ignore: Deno.build.os !== "linux" };

/** A folder that looks like a fresh clone, and a PATH with these programs only. */
async function makeMachine(programs: readonly string[], fakes: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir();
  const [clone, bin] = [join(folder, "a clone"), join(folder, "bin")];
  await Deno.mkdir(clone);
  await Deno.mkdir(bin);
  for (const file of ["run", "main.ts", "deno.json", "deno.lock"]) {
    await Deno.copyFile(join(root, file), join(clone, file));
  }
  await Deno.mkdir(join(clone, "node_modules"));
  for (const program of programs) {
    const path = (await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output()).stdout;
    await Deno.symlink(new TextDecoder().decode(path).trim(), join(bin, program));
  }
  for (const [name, script] of Object.entries(fakes)) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(join(clone, "run"), {
      args,
      clearEnv: true,
      env: { PATH: bin, HOME: folder },
    }).output();
    const decoder = new TextDecoder();
    return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  };
  return { clone, run, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const basics = ["sh", "readlink", "sed", "cat", "sort", "head", "cksum", "find", "mkdir", "rm"];
/** An ordinary user, whatever the tests run as, without sudo. */
const user = { id: "echo 1000", uname: "echo Linux", ldconfig: "echo libvulkan.so.1", "apt-get": "exit 1" };
/** A Deno that tells its arguments. */
const fakeDeno = (version: string) =>
  `case $1 in
eval) echo "${version} $0" ;;
run) case " $* " in *" permissions "*) echo "'--allow-read=/a b'" ;; *) printf '<%s>' "$@" ;; esac ;;
install) echo installed >&2 ;;
esac`;

Deno.test({
  name: "run without ffmpeg prints the line that brings it and exits 1",
  ...linuxOnly,
  fn: async () => {
    await using machine = await makeMachine(basics, { ...user, deno: fakeDeno("2.9.6") });
    const { code, stderr } = await machine.run("prepare", "x");
    assert.equal(code, 1);
    assert.match(stderr, /^ {2}sudo apt-get .*install -y --no-install-recommends ffmpeg$/m);
  },
});

Deno.test({
  name: "run as root installs what is missing",
  ...linuxOnly,
  fn: async () => {
    const log = 'echo "apt-get $*" >>"$HOME/apt"';
    const fakes = { ...user, id: "echo 0", "apt-get": log, env: 'shift; exec "$@"', deno: fakeDeno("2.9.6") };
    await using machine = await makeMachine(basics, fakes);
    const { code } = await machine.run("phantom", "--out", "x");
    assert.equal(code, 0);
    assert.deepEqual((await Deno.readTextFile(join(machine.clone, "../apt"))).trim().split("\n"), [
      "apt-get update -qq",
      "apt-get install -y -qq --no-install-recommends ffmpeg",
    ]);
  },
});

Deno.test({
  name: "run goes on without Vulkan and says what is lost",
  ...linuxOnly,
  fn: async () => {
    const fakes = { ...user, ldconfig: "true", deno: fakeDeno("2.9.6") };
    await using machine = await makeMachine(basics, fakes);
    const { code, stderr } = await machine.run("train", "x");
    assert.equal(code, 0);
    assert.match(stderr, /^Going on without libvulkan1: .*WebAssembly/m);
  },
});

Deno.test({
  name: "run passes over a Deno that is too old and takes npm's",
  ...linuxOnly,
  fn: async () => {
    const npm = `folder="$HOME/a clone/.cache/deno/node_modules/@deno/linux"
mkdir -p "$folder" && cp "$HOME/new" "$folder/deno"`;
    await using machine = await makeMachine([...basics, "cp"], { ...user, deno: fakeDeno("2.9.5"), npm });
    const newer = `#!/bin/sh\n${fakeDeno("2.10.0")}\n`;
    await Deno.writeTextFile(join(machine.clone, "../new"), newer, { mode: 0o755 });
    const { code, stdout } = await machine.run("doctor");
    assert.equal(code, 0);
    assert.match(stdout, /<run>.*<--allow-read=\/a b>.*main\.ts><doctor>$/);
    await Deno.remove(join(machine.clone, "../bin/npm"));
    assert.equal((await machine.run("doctor")).code, 0, "the second start needs no npm");
  },
});

Deno.test({
  name: "run without Deno and npm's help prints the line that brings it and exits 1",
  ...linuxOnly,
  fn: async () => {
    await using machine = await makeMachine(basics, { ...user, npm: "exit 1" });
    const { code, stderr } = await machine.run("doctor");
    assert.equal(code, 1);
    assert.match(stderr, /^ {2}curl .*deno\.land\/install\.sh/m);
  },
});

Deno.test({
  name: "run installs the packages once, passes on arguments and permissions as they are",
  ...linuxOnly,
  fn: async () => {
    await using machine = await makeMachine(basics, { ...user, deno: fakeDeno("2.9.6") });
    const args = ["doctor", "a b", "it's", "$HOME", "two\nlines", ""];
    const first = await machine.run(...args);
    assert.match(first.stderr, /installed/);
    const second = await machine.run(...args);
    assert.equal(second.stderr, "");
    assert.ok(second.stdout.endsWith(`main.ts>${args.map((word) => `<${word}>`).join("")}`));
    assert.match(second.stdout, /^<run><--no-prompt><--cached-only><--allow-read=\/a b>/);
  },
});

Deno.test({
  name: "run builds the dashboard for a training only where it is asked for",
  ...linuxOnly,
  fn: async () => {
    await using machine = await makeMachine(basics, { ...user, deno: fakeDeno("2.9.6") });
    const train = async (...more: string[]) =>
      (await machine.run("train", "d", "--run", "r", ...more)).stderr;
    for (const words of [[], ["--set", "a=--port"]]) {
      assert.doesNotMatch(await train(...words), /Building the dashboard/);
    }
    for (const words of [["--port", "8600"], ["--port=8600"]]) {
      assert.match(await train(...words), /Building the dashboard/);
    }
  },
});

Deno.test({
  name: "run hands the command line's refusal on",
  ...linuxOnly,
  fn: async () => {
    const { code, stderr } = await new Deno.Command(join(root, "run"), { args: ["doktor"] }).output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stderr), /the nearest one is doctor/);
  },
});

Deno.test("readTally() reads Deno's summary and counts a failure without one", () => {
  const summary = "x ... ok\n\nok | 12 passed (3 steps) | 0 failed | 2 ignored (2s)\n\n";
  assert.deepEqual(readTally(summary, true), { passed: 12, failed: 0, ignored: 2 });
  assert.deepEqual(readTally("FAILED | 3 passed | 4 failed (1s)\n", false), {
    passed: 3,
    failed: 4,
    ignored: 0,
  });
  assert.deepEqual(readTally("error: Type checking failed.\n", false), { passed: 0, failed: 1, ignored: 0 });
  assert.deepEqual(readTally("", true), { passed: 0, failed: 1, ignored: 0 });
  assert.deepEqual(readTally("ok | 5 passed | 0 failed (1s)\n", false), { passed: 5, failed: 1, ignored: 0 });
});

Deno.test({
  name: "run bench starts the benchmark with its words",
  ...linuxOnly,
  fn: async () => {
    await using machine = await makeMachine(basics, {
      ...{ ffmpeg: "", ffprobe: "", id: "echo 1000", uname: "echo Darwin" },
      deno: fakeDeno("2.9.6"),
    });
    const { code, stdout } = await machine.run("bench", "--only", "map");
    assert.equal(code, 0);
    assert.match(stdout, /<tests\/bench\/main\.ts><--only><map>$/);
  },
});
