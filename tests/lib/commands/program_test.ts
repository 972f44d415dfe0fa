import assert from "node:assert/strict";
import type { CommandContext, Plan } from "../../../lib/commands/plan.ts";
import { parseCommandLine } from "../../../lib/commands/program.ts";
import { readSecret } from "../../../lib/commands/serve.ts";
import { commandLines } from "../../../lib/selftest/permission_check.ts";
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
  selftest: ["--out", "report"],
  phantom: ["--out", "scans"],
  prepare: [`${appPaths().root}/LICENSE`, "--out", "data"],
  mask: [`${appPaths().root}/LICENSE`, "--out", "masks"],
  train: ["data", "--run", "runs/first"],
  evaluate: ["runs/first", "data"],
  export: ["runs/first", "--format", "onnx", "--out", "models"],
  import: ["weights.safetensors", "--preset", "tiny"],
  embed: ["runs/first", `${appPaths().root}/LICENSE`, "--out", "embeddings"],
  search: ["runs/first", "data", "--text", "four chamber view"],
  reproduce: ["--quick"],
  serve: ["--runs", "runs"],
  service: ["--out", "service"],
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

Deno.test("permissions of the pass that prints permissions is to read, and to know where the cache lies", async () => {
  const { stdout } = await runPlan(parseCommandLine(["permissions", "permissions", "demo"], "sono"));
  assert.equal(stdout, "'--allow-read' '--allow-env=XDG_CACHE_HOME,HOME'\n");
});

Deno.test("permissions of train and evaluate allow writing the run and only reading the dataset", async () => {
  for (const words of [["train", "data", "--run", "run"], ["evaluate", "run", "data"]]) {
    const { stdout } = await runPlan(parseCommandLine(["permissions", ...words], "sono"));
    assert.match(stdout, /'--allow-read=[^']*\/somewhere\/data[,']/);
    assert.match(stdout, /'--allow-write=\/somewhere\/run'/);
  }
});

Deno.test("permissions of export, embed and search open the run's dataset and write nothing but --out", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/data`);
    await Deno.writeTextFile(`${folder}/data/dataset.json`, "{}");
    await Deno.mkdir(`${folder}/run`);
    await Deno.writeTextFile(`${folder}/run/run.json`, JSON.stringify({ dataset: `${folder}/data` }));
    const flagsOf = async (...words: string[]) =>
      (await runPlan(parseCommandLine(["permissions", ...words], "sono"))).stdout;
    const run = `${folder}/run`;
    const model = await flagsOf("export", run, "--format", "onnx", "--out", "models");
    assert.match(model, new RegExp(`,${run},${folder}/data,.*' '--allow-write=/somewhere/models'\n$`));
    const log = await flagsOf("export", run, "--format", "jsonl", "--out", "log");
    assert.ok(!log.includes(`${folder}/data`), "metrics need no dataset");
    const embedded = await flagsOf("embed", run, `${folder}/data`, "--out", "e");
    assert.match(embedded, /'--allow-write=\/somewhere\/e'\n$/);
    const videos = await flagsOf("embed", run, `${appPaths().root}/LICENSE`, "--out", "e");
    assert.match(videos, /'--allow-write=\/somewhere\/e' '--allow-run=ffmpeg,ffprobe'\n$/);
    const search = await flagsOf("search", run, "other", "--frame", "a.png");
    assert.match(
      search,
      new RegExp(`,${run},/somewhere/other,${folder}/data/dataset.json,/somewhere/a.png' `),
    );
    assert.match(search, /'--allow-run=ffmpeg,ffprobe'\n$/);
    const start = await flagsOf("train", "data", "--run", "run", "--start", "models/w.safetensors");
    assert.match(
      start,
      /w\.safetensors,\/somewhere\/models\/passport\.json,\/somewhere\/certificate\.json,\/somewhere\/run\.json,/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parseCommandLine() wants exactly one query of search, and a format of export", () => {
  assert.match(refusal("search", "run", "data"), /exactly one of --speech, --frame and --text/);
  assert.match(refusal("search", "run", "data", "--text", "a", "--frame", "b"), /exactly one of/);
  assert.match(refusal("search", "run", "data", "--text", "a", "--top", "0"), /--top: .*from 1.*"0"/);
  assert.match(refusal("export", "run", "--out", "x"), /required option '--format <format>'/);
  assert.match(refusal("export", "run", "--format", "onx", "--out", "x"), /the nearest one is onnx/);
});

Deno.test("permissions serve allows one address, ffmpeg, and writing where the runs are", async () => {
  const words = ["permissions", "serve", "--runs", "runs", "--port", "9001"];
  const { stdout } = await runPlan(parseCommandLine(words, "sono"));
  assert.match(stdout, /'--allow-net=127\.0\.0\.1:9001'\n$/);
  assert.match(stdout, /,\/somewhere\/runs'/);
  assert.match(stdout, /'--allow-write=\/somewhere\/runs'/);
  assert.match(stdout, /'--allow-run=ffmpeg,ffprobe'/);
  assert.doesNotMatch(stdout, /--allow-env/);
  const open = [...words, "--host", "::1", "--operator-secret", "secret"];
  const { stdout: flags } = await runPlan(parseCommandLine(open, "sono"));
  assert.match(flags, /'--allow-net=\[::1\]:9001'/);
  assert.match(flags, /'--allow-read=[^']*\/somewhere\/secret[,']/);
});

Deno.test("readSecret() takes a file that only its owner can read, without the blanks around it", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, " a long enough secret\n");
    await Deno.chmod(path, 0o600);
    assert.equal(readSecret(path), "a long enough secret");
    await Deno.chmod(path, 0o640);
    assert.throws(() => readSecret(path), /only its owner may be able to read its file, received "?mode 640/);
  } finally {
    await Deno.remove(path);
  }
  assert.throws(() => readSecret(path), /its file must exist/);
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
    assert.match(stdout, new RegExp(`,${folder}/data,${folder}/runs' `));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("commandLines has every command, so that the self-test judges all permissions but its own", () => {
  const judged = new Set(commandLines.map(([command]) => command));
  assert.deepEqual([...judged, "selftest"].sort(), Object.keys(accepted).sort());
});
