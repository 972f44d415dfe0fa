import assert from "node:assert/strict";
import { Control } from "../../routes/control.ts";
import { TrainingPlaces } from "../../routes/training_places.ts";
import type {
  ControlLogEntry,
  ControlWire,
  JobWire,
  StartProblem,
  StartRequest,
} from "../../routes/wire/control.ts";
import type { SessionWire } from "../../routes/wire/session.ts";
import { assertProblem, type Bench, host, jobEnded, withApp } from "../helpers/app_bench.ts";
import { type FakeProgram, fakeProgram } from "../helpers/fake_program.ts";
import type { FakeRun } from "../helpers/fake_run.ts";

const secrets = { operatorSecret: "the operator's secret", viewerSecret: "the viewer's secret" };

/** A control that may train on the run's dataset, which others of the same id stand beside. */
function controlOf(program: FakeProgram) {
  return (run: FakeRun): Control => {
    const data = `${run.runsDirectory}/../data`;
    for (const path of [run.datasetPath, `${data}/fetal`, `${data}/fetal two`]) {
      Deno.mkdirSync(path, { recursive: true });
      Deno.writeTextFileSync(`${path}/dataset.json`, "{}");
    }
    Deno.mkdirSync(`${data}/empty`);
    return new Control({
      launch: program.launch,
      runsDirectory: run.runsDirectory,
      data: [data],
      datasetsOfRuns: [run.datasetPath],
      datasetIdOf: (path) => path.endsWith("two") ? "d" : "0123456789abcdef",
    });
  };
}

async function withControl(
  test: (bench: Bench, program: FakeProgram) => Promise<void>,
  options: Parameters<typeof withApp>[1] = {},
): Promise<void> {
  const program = fakeProgram();
  await withApp((bench) => test(bench, program), { control: controlOf(program), mayWrite: true, ...options });
}

const request: StartRequest = {
  run: "new",
  dataset: "fetal",
  preset: "tiny",
  device: "wasm",
  settings: ["training.epochs=3"],
  skipGates: false,
};

Deno.test("control starts a run with the words of the command line, once it was confirmed, and logs it", () =>
  withControl(async (bench, program) => {
    const { send, json, run } = bench;
    const { datasets, presets, job } = await json<ControlWire>("/api/control");
    assert.deepEqual(datasets, [
      { name: "fetal", datasetId: "01234567" },
      { name: "fetal two", datasetId: "d" },
    ]);
    assert.deepEqual([Object.keys(presets), job], [["tiny", "small", "paper"], null]);
    assert.ok(presets.small["training.epochs"] > 0);
    for (const confirm of [undefined, "", "other", ["new"]]) {
      await assertProblem(await send("POST", "/api/control/start", { ...request, confirm }), 400);
    }
    assert.equal(program.processes.length, 0);

    const started = await send("POST", "/api/control/start", { ...request, confirm: "new" });
    assert.equal(started.status, 202);
    const wire = await started.json() as JobWire;
    assert.deepEqual([wire.kind, wire.run, wire.state, wire.hasRun], ["train", "new", "running", false]);
    await Deno.mkdir(`${run.runsDirectory}/new`);
    assert.equal((await json<JobWire>("/api/control/job")).hasRun, false, "a folder is no run yet");
    await Deno.writeTextFile(`${run.runsDirectory}/new/run.json`, "{}");
    assert.equal((await json<JobWire>("/api/control/job")).hasRun, true);
    const [process] = program.processes;
    assert.deepEqual(process.words, [
      "train",
      `${run.runsDirectory}/../data/fetal`.replace("/runs/..", ""),
      "--run",
      `${run.runsDirectory}/new`,
      "--device",
      "wasm",
      "--set",
      "preset=tiny",
      "--set",
      "training.epochs=3",
    ]);
    await assertProblem(await send("POST", "/api/control/start", { ...request, confirm: "new" }), 409);
    await assertProblem(await send("POST", "/api/control/continue", { run: "r1", confirm: "r1" }), 409);

    await assertProblem(await send("POST", "/api/control/stop", { run: "new" }), 400);
    assert.equal((await send("POST", "/api/control/stop", { run: "new", confirm: "new" })).status, 202);
    const { exitCode } = await jobEnded(bench);
    assert.deepEqual([process.signals, exitCode], [["SIGTERM"], 143]);
    const log = await json<ControlLogEntry[]>("/api/control/log");
    assert.deepEqual(log.map(({ who, action, run }) => [who, action, run]).reverse(), [
      ["operator", "start", "new"],
      ["operator", "stop", "new"],
      ["server", "ended", "new"],
    ]);
    assert.match(log[2].detail, /^dataset fetal, preset=tiny, training\.epochs=3, device wasm$/);
    const file = await Deno.readTextFile(`${run.runsDirectory}/control.log`);
    assert.equal(file.trimEnd().split("\n").length, 3);
  }));

Deno.test("control says what is wrong with a start, field by field, and starts nothing", () =>
  withControl(async ({ send }, program) => {
    const problemsOf = async (change: Partial<StartRequest>) => {
      const response = await send("POST", "/api/control/check", { ...request, ...change });
      assert.equal(response.status, 200);
      const problems = await response.json() as StartProblem[];
      const again = await send("POST", "/api/control/start", {
        ...request,
        ...change,
        confirm: change.run ?? "new",
      });
      if (problems.length > 0) {
        assert.deepEqual([again.status, await again.json()], [400, problems]);
      }
      return problems;
    };
    for (
      const run of [
        "r1",
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "-x",
        "__proto__",
        "a,b",
        "trash",
        "control.log",
        "a\u202eb",
        "x".repeat(65),
      ]
    ) {
      assert.deepEqual((await problemsOf({ run })).map(({ field }) => field), ["run"], run);
    }
    for (const dataset of ["", "empty", "../data/fetal", "/etc", "__proto__", "constructor"]) {
      assert.deepEqual((await problemsOf({ dataset })).map(({ field }) => field), ["dataset"], dataset);
    }
    assert.deepEqual((await problemsOf({ device: "gpu" })).map(({ field }) => field), ["device"]);
    for (const preset of ["huge", "__proto__", "toString"]) {
      assert.deepEqual((await problemsOf({ preset })).map(({ field }) => field), ["preset"], preset);
    }
    const settings = [
      "optimizer.learningRate=-1",
      "training.epochs=3",
      "optimiser.learningRate=1",
      "nonsense",
      "__proto__.x=1",
      "a.__proto__.x=1",
    ];
    const problems = await problemsOf({ settings });
    assert.deepEqual(
      problems.map(({ setting }) => setting),
      settings.filter((one) => !one.startsWith("training")),
    );
    assert.match(problems[1].message, /the nearest to "optimiser" is "optimizer"/);
    assert.equal(({} as Record<string, unknown>).x, undefined);
    const together = await problemsOf({ settings: ["data.bagSeconds=4", "losses.contrastiveForm=literal"] });
    assert.ok(together.length > 0);
    assert.equal(program.processes.length, 0);
  }));

Deno.test("control refuses bodies that are none", () =>
  withControl(async ({ send }, program) => {
    for (
      const change of [
        { run: 1 },
        { dataset: null },
        { settings: "x" },
        { settings: [1] },
        { skipGates: "no" },
        { settings: Array(101).fill("seed=1") },
        { run: "x".repeat(501) },
      ]
    ) {
      await assertProblem(
        await send("POST", "/api/control/start", { ...request, ...change, confirm: "new" }),
        400,
      );
      await assertProblem(await send("POST", "/api/control/check", { ...request, ...change }), 400);
    }
    for (const run of ["../runs/r1", "none", "..", "__proto__", 7, null, ["r1"]]) {
      for (const action of ["continue", "evaluate"]) {
        const response = await send("POST", `/api/control/${action}`, { run, confirm: run });
        assert.ok([400, 404].includes(response.status), `${action} ${run}`);
        await response.body?.cancel();
      }
    }
    for (
      const choice of [{}, { split: "train", checkpoint: "best" }, { split: "test", checkpoint: "--device" }]
    ) {
      await assertProblem(
        await send("POST", "/api/control/evaluate", { run: "r1", confirm: "r1", ...choice }),
        400,
      );
    }
    await assertProblem(await send("POST", "/api/control/stop", { run: "r1", confirm: "r1" }), 409);
    assert.equal(program.processes.length, 0);
  }));

Deno.test("control goes on with a run and evaluates it, on its own dataset and kind of device", () =>
  withControl(async (bench, program) => {
    const { send, run } = bench;
    const path = `${run.runsDirectory}/r1`;
    assert.equal((await send("POST", "/api/control/continue", { run: "r1", confirm: "r1" })).status, 202);
    assert.deepEqual(program.processes[0].words, [
      "train",
      run.datasetPath,
      "--run",
      path,
      "--device",
      "wasm",
    ]);
    program.processes[0].end(0);
    assert.equal((await jobEnded(bench)).succeeded, true);
    const choice = { run: "r1", confirm: "r1", split: "test", checkpoint: "best" };
    assert.equal((await send("POST", "/api/control/evaluate", choice)).status, 202);
    assert.deepEqual(
      program.processes[1].words,
      ["evaluate", path, run.datasetPath, "--split", "test", "--checkpoint", "best", "--device", "wasm"],
    );
    program.processes[1].end(3);
    assert.equal((await jobEnded(bench)).exitCode, 3);
  }));

Deno.test("control finds a dataset that was moved, and uses none that it was not told of", () =>
  withControl(async (bench, program) => {
    const { send, run } = bench;
    await Deno.remove(run.datasetPath, { recursive: true });
    const goOn = () => send("POST", "/api/control/continue", { run: "r1", confirm: "r1" });
    assert.equal((await goOn()).status, 202);
    assert.match(program.processes[0].words[1], /data\/fetal two$/);
    program.processes[0].end(0);
    await jobEnded(bench);
    const elsewhere = `${run.runsDirectory}/../elsewhere`;
    await Deno.mkdir(elsewhere);
    await Deno.writeTextFile(`${elsewhere}/dataset.json`, "{}");
    for (const dataset of [elsewhere, "/", `${run.runsDirectory}/../data/../elsewhere`, 7, null]) {
      await Deno.writeTextFile(`${run.folder}/run.json`, JSON.stringify({ dataset, datasetId: "other" }));
      await assertProblem(await goOn(), 409);
    }
    assert.equal(program.processes.length, 1);
  }));

Deno.test("TrainingPlaces gives every dataset a name of its own and takes only absolute paths from a run", async () => {
  const root = await Deno.makeTempDir();
  try {
    const paths = ["a/x", "a/x (2)", "b/x", "c/x"].map((path) => `${root}/${path}`);
    for (const path of paths) {
      await Deno.mkdir(path, { recursive: true });
      await Deno.writeTextFile(`${path}/dataset.json`, "{}");
    }
    const places = (data: string[]) =>
      new TrainingPlaces({ runsDirectory: root, data, datasetsOfRuns: [], datasetIdOf: () => "d" });
    const one = places([`${root}/b`, `${root}/a`, `${root}/c`]);
    const names = (await one.datasets()).map(({ name }) => name);
    assert.deepEqual(names, ["x", "x (3)", "x (2)", "x (4)"]);
    const found = await Promise.all(names.map((name) => one.dataset(name)));
    assert.deepEqual(found, [paths[2], paths[0], paths[1], paths[3]]);
    assert.equal(await places([Deno.cwd()]).datasetOfRun({ dataset: "--skip-gates" }), undefined);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("control takes no settings from a run whose settings cannot be read", () =>
  withControl(async ({ ask, run }) => {
    const settings = () => ask("/api/control/settings?run=r1");
    assert.equal((await (await settings()).json()).preset, "tiny");
    for (const text of ["null", '{"preset', "[]"]) {
      await Deno.writeTextFile(`${run.folder}/config.json`, text);
      await assertProblem(await settings(), 503);
    }
  }));

Deno.test("control does not go on with a run that somebody else trains", () =>
  withControl(async ({ send, run }, program) => {
    using lock = await Deno.open(`${run.folder}/lock`, { create: true, write: true, read: true });
    await lock.lock(true);
    await assertProblem(await send("POST", "/api/control/continue", { run: "r1", confirm: "r1" }), 409);
    assert.equal(program.processes.length, 0);
  }));

Deno.test("control does nothing that it cannot log, but stops", () =>
  withControl(async (bench, program) => {
    const { send, run } = bench;
    await Deno.writeTextFile(`${run.runsDirectory}/../other`, "theirs");
    await Deno.symlink(`${run.runsDirectory}/../other`, `${run.runsDirectory}/control.log`);
    const goOn = () => send("POST", "/api/control/continue", { run: "r1", confirm: "r1" });
    await assertProblem(await goOn(), 409);
    assert.equal(program.processes.length, 0);
    assert.equal(await Deno.readTextFile(`${run.runsDirectory}/../other`), "theirs");
    await Deno.remove(`${run.runsDirectory}/control.log`);
    assert.equal((await goOn()).status, 202);
    await Deno.remove(`${run.runsDirectory}/control.log`);
    await Deno.mkdir(`${run.runsDirectory}/control.log`);
    assert.equal((await send("POST", "/api/control/stop", { run: "r1", confirm: "r1" })).status, 202);
    assert.deepEqual(program.processes[0].signals, ["SIGTERM"]);
  }));

const actions = ["check", "start", "continue", "evaluate", "stop"];

Deno.test("control is for operators whose own page asks with the session's token", () =>
  withControl(async ({ app, send, ask }, program) => {
    const signIn = async (secret: string) => {
      const response = await app.request("/api/session", {
        method: "POST",
        body: JSON.stringify({ secret }),
        headers: { host, origin: `http://${host}`, "content-type": "application/json" },
      });
      const { mayControl, csrfToken } = await response.json() as SessionWire;
      return { cookie: response.headers.get("set-cookie")!.split(";")[0], mayControl, token: csrfToken! };
    };
    const [viewer, operator] = [await signIn(secrets.viewerSecret), await signIn(secrets.operatorSecret)];
    assert.deepEqual([viewer.mayControl, operator.mayControl], [false, true]);
    const body = { ...request, split: "test", checkpoint: "best", confirm: "new" };
    for (const path of ["/api/control", "/api/control/job", "/api/control/log"]) {
      await assertProblem(await ask(path), 401);
      await assertProblem(await ask(path, { cookie: viewer.cookie }), 403);
      assert.equal((await ask(path, { cookie: operator.cookie })).status, 200);
    }
    const own = {
      host,
      cookie: operator.cookie,
      origin: `http://${host}`,
      "content-type": "application/json",
      "x-csrf-token": operator.token,
    };
    const attempts: [number, Record<string, string | undefined>][] = [
      [403, { origin: "http://evil.example" }],
      [403, { origin: "null" }],
      [403, { origin: undefined }],
      [403, { "sec-fetch-site": "cross-site" }],
      [403, { host: "evil.example", origin: "http://evil.example" }],
      [403, { "x-csrf-token": undefined }],
      [403, { "x-csrf-token": viewer.token }],
      [401, { cookie: undefined }],
      [415, { "content-type": "text/plain" }],
    ];
    for (const action of actions) {
      await assertProblem(await send("POST", `/api/control/${action}`, body, { cookie: viewer.cookie }), 403);
      for (const [status, attempt] of attempts) {
        const headers = Object.entries({ ...own, ...attempt }).filter((one): one is [string, string] =>
          one[1] !== undefined
        );
        const response = await app.request(`/api/control/${action}`, {
          method: "POST",
          body: JSON.stringify(body),
          headers,
        });
        await assertProblem(response, status);
      }
    }
    assert.equal(program.processes.length, 0);
    assert.equal((await send("POST", "/api/control/start", body, { cookie: operator.cookie })).status, 202);
    program.processes[0].end(0);
  }, { access: secrets }));

Deno.test("createApp() starts nothing when it was not asked to", () =>
  withApp(async ({ send, ask, json }) => {
    for (const action of actions) {
      await assertProblem(await send("POST", `/api/control/${action}`, { ...request, confirm: "new" }), 403);
    }
    await assertProblem(await ask("/api/control"), 403);
    assert.equal((await json<SessionWire>("/api/session")).mayControl, false);
  }, { mayWrite: true }));
