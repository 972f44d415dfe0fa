import assert from "node:assert/strict";
import { Annotations } from "../../routes/annotations.ts";
import { changeRunsRoot, isSafeName } from "../../routes/runs_root.ts";
import type { MarkWire } from "../../routes/wire/pace.ts";
import type { RunAnnotation, RunsAnswer } from "../../routes/wire/runs.ts";
import { assertProblem, withApp } from "../helpers/app_bench.ts";
import { makeFakeRun } from "../helpers/fake_run.ts";

const image = "<img src=x onerror=alert(1)>";
const override = "ab\u202ecd";
const mayWrite = { mayWrite: true };

Deno.test("PATCH annotation keeps pins, tags and notes beside the runs, one by one", () =>
  withApp(async ({ send, json, run }) => {
    const patch = async (change: unknown) =>
      await (await send("PATCH", "/api/runs/r1/annotation", change)).json() as RunAnnotation;
    assert.deepEqual(await patch({ pinned: true }), { pinned: true, tags: [], note: "" });
    assert.deepEqual(await patch({ tags: [" a ", "a", "", image] }), {
      pinned: true,
      tags: ["a", image],
      note: "",
    });
    const note = `${image}\nשלום 🩺`;
    assert.equal((await patch({ note })).note, note);
    const { runs } = await json<RunsAnswer>("/api/runs");
    assert.deepEqual(runs[0].annotation, { pinned: true, tags: ["a", image], note });
    const stored = JSON.parse(await Deno.readTextFile(`${run.runsDirectory}/dashboard.json`));
    assert.deepEqual(stored.runs.r1.tags, ["a", image]);
    await patch({ pinned: false, tags: [], note: "" });
    assert.deepEqual(JSON.parse(await Deno.readTextFile(`${run.runsDirectory}/dashboard.json`)).runs, {});
    assert.deepEqual(
      [...Deno.readDirSync(run.runsDirectory)].map(({ name }) => name).sort(),
      ["dashboard.json", "r1"],
      "no temporary file is left",
    );
  }, mayWrite));

Deno.test("PATCH annotation refuses what cannot be kept, and another run's name", () =>
  withApp(async ({ send, run }) => {
    const path = "/api/runs/r1/annotation";
    const refused: [unknown, number][] = [
      [{ pinned: "yes" }, 400],
      [{ tags: "a" }, 400],
      [{ tags: [1] }, 400],
      [{ tags: ["x".repeat(41)] }, 400],
      [{ tags: Array.from({ length: 13 }, (_, i) => `t${i}`) }, 400],
      [{ tags: [override] }, 400],
      [{ note: override }, 400],
      [{ note: "a\u0000b" }, 400],
      [{ note: "\ud800" }, 400],
      [{ note: "x".repeat(4001) }, 400],
      [{ note: "x".repeat(1_000_000) }, 413],
      [["note"], 400],
      [null, 400],
    ];
    for (const [body, status] of refused) await assertProblem(await send("PATCH", path, body), status);
    for (const name of ["none", "..%2fr1", "%2e%2e%2fruns%2fr1", "trash", "dashboard.json"]) {
      await assertProblem(await send("PATCH", `/api/runs/${name}/annotation`, { note: "x" }), 404);
    }
    await assertProblem(await send("PATCH", "/api/runs/../annotation", { note: "x" }), 405);
    assert.deepEqual([...Deno.readDirSync(run.runsDirectory)].map(({ name }) => name), ["r1"]);
  }, mayWrite));

Deno.test("Annotations keep every change of two servers and of names like __proto__", async () => {
  const root = await Deno.makeTempDir();
  try {
    const [one, two] = [new Annotations(root), new Annotations(root)];
    await Promise.all(["a", "b", "c"].map((name) => one.annotate(name, { note: name })));
    await two.annotate("__proto__", { tags: ["constructor"] });
    await one.annotate("d", { pinned: true });
    const kept = await two.ofRuns();
    assert.deepEqual([...kept.keys()].sort(), ["__proto__", "a", "b", "c", "d"]);
    assert.deepEqual(kept.get("__proto__")?.tags, ["constructor"]);
    assert.equal(({} as Record<string, unknown>).tags, undefined);
    for (
      const contents of [
        null,
        { version: 1, runs: { a: null }, marks: {} },
        { version: 1, runs: { a: { pinned: "yes", tags: [], note: "" } }, marks: {} },
        { version: 1, runs: { a: { pinned: true, tags: [{}], note: "" } }, marks: {} },
        { version: 1, runs: { a: { pinned: true, tags: [], note: {} } }, marks: {} },
        { version: 1, runs: {}, marks: { d: { 1: null } } },
        { version: 1, runs: {}, marks: { d: { 1: { mark: {} } } } },
      ]
    ) {
      await Deno.writeTextFile(`${root}/dashboard.json`, JSON.stringify(contents));
      await assert.rejects(one.marksOf("d"), /cannot be read/, JSON.stringify(contents));
      assert.equal((await one.ofRuns()).size, 0);
    }
    await Deno.remove(`${root}/dashboard.json`);
    await Deno.mkdir(`${root}/dashboard.json`);
    await assert.rejects(one.marksOf("d"), /cannot be read/, "a folder");
    await Deno.remove(`${root}/dashboard.json`);
    await Deno.writeTextFile(`${root}/dashboard.json`, "{ half");
    await assert.rejects(one.annotate("a", { note: "x" }), /cannot be read/);
    assert.equal(
      await Deno.readTextFile(`${root}/dashboard.json`),
      "{ half",
      "what people wrote is not thrown away",
    );
    assert.equal((await one.ofRuns()).size, 0);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("changeRunsRoot() leaves no half of what a full disk has no room for", async () => {
  const root = await Deno.makeTempDir();
  const { write } = Deno.FsFile.prototype;
  const append = (text: string) =>
    changeRunsRoot(root, { kind: "append", file: "control.log", bytes: new TextEncoder().encode(text) });
  try {
    let room = 12;
    Deno.FsFile.prototype.write = async function (bytes) {
      if (room === 0) throw new Error("No space left on device (os error 28)");
      const written = await write.call(this, bytes.subarray(0, room));
      room -= written;
      return written;
    };
    await append("one\n");
    await assert.rejects(append("two, which is longer\n"), /No space left/);
    room = 100;
    await append("three\n");
    assert.equal(await Deno.readTextFile(`${root}/control.log`), "one\nthree\n");
  } finally {
    Deno.FsFile.prototype.write = write;
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("changeRunsRoot() stays inside the folder: no paths, no links, nothing hidden", async () => {
  const outside = await Deno.makeTempDir();
  const root = `${outside}/runs`;
  try {
    makeFakeRun(outside, { steps: 1 });
    const bytes = new TextEncoder().encode("x");
    for (
      const file of [
        "",
        ".",
        "..",
        "../a",
        "a/b",
        "a\\b",
        "/etc/a",
        ".hidden",
        "a\0b",
        "x".repeat(200),
        override,
      ]
    ) {
      assert.equal(isSafeName(file), false, file);
      await assert.rejects(changeRunsRoot(root, { kind: "write", file, bytes }), /not a name/);
      await assert.rejects(changeRunsRoot(root, { kind: "trash", run: file }), /not a name/);
    }
    await Deno.writeTextFile(`${outside}/victim`, "safe");
    await Deno.symlink(`${outside}/victim`, `${root}/dashboard.json`);
    await changeRunsRoot(root, { kind: "write", file: "dashboard.json", bytes });
    assert.equal(await Deno.readTextFile(`${outside}/victim`), "safe");
    assert.equal((await Deno.lstat(`${root}/dashboard.json`)).isSymlink, false);

    await Deno.mkdir(`${outside}/elsewhere`);
    await Deno.symlink(`${outside}/elsewhere`, `${root}/trash`);
    await assert.rejects(changeRunsRoot(root, { kind: "trash", run: "r1" }), /trash folder/);
    assert.deepEqual([...Deno.readDirSync(`${outside}/elsewhere`)], []);
    await Deno.remove(`${root}/trash`);
    await assert.rejects(changeRunsRoot(root, { kind: "trash", run: "trash" }), /trash folder/);
  } finally {
    await Deno.remove(outside, { recursive: true });
  }
});

Deno.test("DELETE run asks for the name again, refuses one that trains, and moves the run to the trash", () =>
  withApp(async ({ send, json, run }) => {
    for (const name of [undefined, "", "r2", "R1", 1]) {
      await assertProblem(await send("DELETE", "/api/runs/r1", { name }), 400);
    }
    await assertProblem(await send("DELETE", "/api/runs/none", { name: "none" }), 404);
    await assertProblem(await send("DELETE", "/api/runs/..%2fdataset", { name: "../dataset" }), 404);
    {
      using lock = await Deno.open(`${run.folder}/lock`, { create: true, read: true, write: true });
      assert.equal(await lock.tryLock(true), true);
      await assertProblem(await send("DELETE", "/api/runs/r1", { name: "r1" }), 409);
    }
    assert.equal((await send("DELETE", "/api/runs/r1", { name: "r1" })).status, 204);
    assert.deepEqual((await json<RunsAnswer>("/api/runs")).runs, []);
    const [trashed] = [...Deno.readDirSync(`${run.runsDirectory}/trash`)];
    assert.match(trashed.name, /^r1\.\d{4}-/);
    assert.equal((await Deno.stat(`${run.runsDirectory}/trash/${trashed.name}/run.json`)).isFile, true);
    assert.equal((await Deno.stat(run.datasetPath)).isDirectory, true, "the data stays");
  }, mayWrite));

Deno.test("createApp() shows runs of any honest name, and hides none of what they are called", () =>
  withApp(async ({ run, json, send }) => {
    for (const name of [image, "Läufe 1", "__proto__", override, "x".repeat(200)]) {
      await Deno.mkdir(`${run.runsDirectory}/${name}`);
      await Deno.writeTextFile(`${run.runsDirectory}/${name}/run.json`, "{}");
    }
    const { runs } = await json<RunsAnswer>("/api/runs");
    assert.deepEqual(runs.map(({ name }) => name).sort(), [image, "Läufe 1", "__proto__", "r1"].sort());
    const path = `/api/runs/${encodeURIComponent(image)}`;
    assert.equal((await json<{ name: string }>(path)).name, image);
    assert.equal((await send("PATCH", "/api/runs/__proto__/annotation", { note: "x" })).status, 200);
    assert.equal(
      (await json<RunsAnswer>("/api/runs")).runs.find(({ name }) => name === "__proto__")?.annotation.note,
      "x",
    );
  }, mayWrite));

Deno.test("PUT mark keeps what a listener says of a window with the dataset, and marks.csv tells it", () =>
  withApp(async ({ send, json, ask }) => {
    const mark = (id: string, mark: unknown) => send("PUT", `/api/runs/r1/marks/${id}`, { mark });
    const stored = await (await mark("2001", "related")).json() as MarkWire;
    assert.deepEqual([stored.windowId, stored.mark, stored.scanId, stored.startSeconds], [
      2001,
      "related",
      "scan2",
      2,
    ]);
    assert.equal((await mark("1003", "unrelated")).status, 200);
    assert.equal((await mark("1004", "related")).status, 200);
    assert.equal(await (await mark("1004", null)).json(), null);
    for (const bad of ["maybe", image, 1, undefined, {}]) await assertProblem(await mark("2001", bad), 400);
    await assertProblem(await mark("__proto__", "related"), 404);
    await assertProblem(await mark("..%2f1", "related"), 404);
    const marks = await json<MarkWire[]>("/api/runs/r1/marks");
    assert.deepEqual(marks.map(({ windowId, mark }) => [windowId, mark]), [[1003, "unrelated"], [
      2001,
      "related",
    ]]);
    const csv = await ask("/api/runs/r1/marks/marks.csv");
    const lines = (await csv.text()).split("\r\n");
    assert.equal(lines[0], "window,scan,start_seconds,mark,marked_at");
    assert.match(lines[1], /^1003,scan1,6,unrelated,\d{4}-/);
    assert.equal(lines.length, 4);
  }, mayWrite));
