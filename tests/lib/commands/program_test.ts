import assert from "node:assert/strict";
import type { CommandContext, Plan } from "../../../lib/commands/plan.ts";
import { parseCommandLine } from "../../../lib/commands/program.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { appPaths } from "../../../lib/app_paths.ts";

function makeContext() {
  const printed = { stdout: "", stderr: "" };
  const context: CommandContext = {
    app: appPaths(),
    workingDirectory: "/somewhere",
    stdout: (text) => void (printed.stdout += text),
    stderr: (text) => void (printed.stderr += text),
    isTerminal: false,
    signal: new AbortController().signal,
  };
  return { context, printed };
}

async function runPlan(plan: Plan) {
  const { context, printed } = makeContext();
  return { exitCode: await plan.run(context), ...printed };
}

function refusal(...words: string[]): string {
  try {
    parseCommandLine(words, "sono");
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "SonospeechError");
    assert.equal((error as Error & { code: string }).code, "usage");
    return error.message;
  }
  throw new assert.AssertionError({ message: `"${words.join(" ")}" was accepted` });
}

/** Every command, and a command line it accepts. */
const accepted: Record<string, string[]> = {
  doctor: ["--json"],
  phantom: ["--out", "scans"],
  prepare: [`${appPaths().root}/LICENSE`, "--out", "data"],
  train: ["data", "--run", "runs/first"],
  evaluate: ["runs/first", "data"],
  serve: ["--runs", "runs"],
  demo: ["--exit"],
};

Deno.test("parseCommandLine() knows the nearest command", () => {
  assert.match(refusal("doktor"), /the nearest one is doctor, received "doktor"/);
  assert.match(refusal("sevre"), /the nearest one is serve, received "sevre"/);
});

Deno.test("parseCommandLine() knows the nearest option", () => {
  assert.match(refusal("doctor", "--jsn"), /the nearest one is --json, received "--jsn"/);
  assert.match(refusal("serve", "--runs", "x", "--prot=9"), /the nearest one is --port, received "--prot=9"/);
});

Deno.test("parseCommandLine() points to the help of the command that was meant", () => {
  const hintOf = (...words: string[]) => {
    try {
      parseCommandLine(words, "sono");
    } catch (error) {
      return error instanceof SonospeechError ? error.hint : error;
    }
  };
  assert.equal(hintOf("evaluate", "run", "data", "--split", "train"), "sono evaluate --help");
  assert.equal(hintOf("doktor"), "sono --help");
});

Deno.test("parseCommandLine() refuses bad values by the option's name", () => {
  assert.match(refusal("serve", "--runs", "x", "--port", "99999"), /--port: .*1 to 65535, received "99999"/);
  assert.match(refusal("phantom", "--out", "x", "--seed", "a"), /--seed: .*received "a"/);
  assert.match(refusal("phantom", "--out", "x", "--subjects", "0"), /subjects must be .*received 0/);
  assert.match(
    refusal("train", "data", "--run", "x", "--device", "wsam"),
    /--device must be one of auto, webgpu, wasm, cpu, the nearest one is wasm, received "wsam"/,
  );
  assert.match(refusal("serve"), /required option '--runs <dir>'/);
  assert.match(refusal("doctor", "more"), /too many arguments/);
});

Deno.test("parseCommandLine() prints help with examples and exit codes, with no permission", async () => {
  const plan = parseCommandLine(["--help"], "sono");
  const { context } = makeContext();
  assert.deepEqual(plan.permissions(context), {});
  const { exitCode, stdout } = await runPlan(plan);
  assert.equal(exitCode, 0);
  for (const name of Object.keys(accepted)) {
    assert.match(stdout, new RegExp(`^  ${name} `, "m"));
    assert.match((await runPlan(parseCommandLine([name, "--help"], "sono"))).stdout, /Examples:\n {2}sono /);
  }
  assert.match(stdout, /Exit codes:\n {2}0 {4}done/);
  assert.match(stdout, /130 .*143/);
});

Deno.test("parseCommandLine() without a command prints help and fails", async () => {
  const { exitCode, stdout, stderr } = await runPlan(parseCommandLine([], "sono"));
  assert.deepEqual([exitCode, stdout], [2, ""]);
  assert.match(stderr, /Usage: sono/);
});

Deno.test("parseCommandLine() prints the version", async () => {
  const { exitCode, stdout } = await runPlan(parseCommandLine(["--version"], "sono"));
  assert.equal(exitCode, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("every command has a plan and permissions that are lists", async () => {
  const { context } = makeContext();
  for (const [name, words] of Object.entries(accepted)) {
    const permissions = await parseCommandLine([name, ...words], "sono").permissions(context);
    for (const list of Object.values(permissions)) assert.ok(Array.isArray(list), name);
  }
});

Deno.test("permissions COMMAND prints flags for a shell and never all of a kind", async () => {
  for (const [name, words] of Object.entries(accepted)) {
    const { stdout } = await runPlan(parseCommandLine(["permissions", name, ...words], "sono"));
    assert.match(stdout, /^'--allow-read=[^']+'( '--allow-(read|write|run|net|env|sys)=[^']+')*\n$/, name);
  }
});

Deno.test("permissions of the pass that prints permissions is to read, and nothing else", async () => {
  const { stdout } = await runPlan(parseCommandLine(["permissions", "permissions", "demo"], "sono"));
  assert.equal(stdout, "'--allow-read'\n");
});

Deno.test("permissions of train and evaluate allow writing the run and only reading the dataset", async () => {
  for (const words of [["train", "data", "--run", "run"], ["evaluate", "run", "data"]]) {
    const { stdout } = await runPlan(parseCommandLine(["permissions", ...words], "sono"));
    assert.match(stdout, /'--allow-read=[^']*\/somewhere\/data[,']/);
    assert.match(stdout, /'--allow-write=\/somewhere\/run'/);
  }
});

Deno.test("permissions serve allows one address to listen at", async () => {
  const words = ["permissions", "serve", "--runs", "runs", "--port", "9001"];
  const { stdout } = await runPlan(parseCommandLine(words, "sono"));
  assert.match(stdout, /'--allow-net=127\.0\.0\.1:9001'\n$/);
  assert.match(stdout, /,\/somewhere\/runs'/);
  assert.doesNotMatch(stdout, /--allow-(write|run|env)/);
});

Deno.test("permissions serve opens the datasets that runs name, and nothing else that they name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/data`);
    await Deno.writeTextFile(`${folder}/data/dataset.json`, "{}");
    for (
      const [run, dataset] of Object.entries({ good: `${folder}/data`, bad: "/", other: folder, odd: 7 })
    ) {
      await Deno.mkdir(`${folder}/runs/${run}`, { recursive: true });
      await Deno.writeTextFile(`${folder}/runs/${run}/run.json`, JSON.stringify({ dataset }));
    }
    const words = ["permissions", "serve", "--runs", `${folder}/runs`];
    const { stdout } = await runPlan(parseCommandLine(words, "sono"));
    assert.match(stdout, new RegExp(`,${folder}/runs,${folder}/data' `));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
