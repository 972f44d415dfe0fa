import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { SonospeechError } from "../../../lib/errors.ts";
import type { RunEvent } from "../../../lib/training/events.ts";
import { pauseOf, readPause, recordPause } from "../../../lib/training/run_pause.ts";
import { startedEvent, stepEvent } from "../../helpers/fake_run.ts";

const place = { step: 7, safeStep: 4 };
const full = () => Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });

function causeOf(error: unknown, signal?: AbortSignal): string {
  const pause = pauseOf(error, place, signal);
  assert.deepEqual([pause.step, pause.safeStep], [7, 4]);
  return pause.cause;
}

Deno.test("pauseOf() names what happened", () => {
  const known = (code: ConstructorParameters<typeof SonospeechError>[0]) =>
    new SonospeechError(code, { action: "go on", must: "it must work" });
  assert.equal(causeOf(known("not-finite")), "not finite");
  assert.equal(causeOf(known("device")), "device lost");
  assert.equal(causeOf(known("input")), "bad input");
  assert.equal(causeOf(known("store")), "bad input");
  assert.equal(causeOf(known("config")), "bad settings");
  assert.equal(causeOf(new Error("x")), "unexpected");
  assert.equal(causeOf(full()), "disk full");
  assert.equal(causeOf(Object.assign(new Error("x"), { code: "EIO" })), "disk trouble");
});

Deno.test("pauseOf() finds a full disk behind what it caused, in a file and in a database", () => {
  using database = new DatabaseSync(":memory:");
  database.exec("PRAGMA max_page_count = 2; CREATE TABLE t (x)");
  const sqlite = (() => {
    try {
      database.exec("INSERT INTO t VALUES (zeroblob(1000000))");
    } catch (error) {
      return error;
    }
  })();
  for (const cause of [full(), sqlite]) {
    const store = new SonospeechError("store", { action: "write events", must: "there must be room", cause });
    assert.equal(causeOf(store), "disk full");
  }
});

Deno.test("pauseOf() tells a stop from a failure that came with it", () => {
  const signal = AbortSignal.abort(new Error("Stopped by SIGTERM"));
  assert.equal(pauseOf(signal.reason, place, signal).message, "Stopped by SIGTERM");
  assert.equal(causeOf(undefined, signal), "stopped");
  assert.equal(causeOf(new DOMException("x", "AbortError"), signal), "stopped");
  assert.equal(causeOf(full(), signal), "disk full");
  assert.equal(causeOf(new DOMException("x", "AbortError")), "unexpected");
});

async function inFolder(test: (run: string) => Promise<void>): Promise<void> {
  const run = await Deno.makeTempDir();
  try {
    await test(run);
  } finally {
    await Deno.remove(run, { recursive: true });
  }
}

/** Records a training that tells `events` and then fails. */
async function record(run: string, events: RunEvent[], error?: unknown, signal?: AbortSignal): Promise<void> {
  async function* training() {
    yield* events;
    if (error !== undefined) throw error;
  }
  await Array.fromAsync(recordPause(run, training(), { signal, safeStep: () => Promise.resolve(40) }));
}

const checkpoint: RunEvent = {
  kind: "checkpoint",
  step: 20,
  epoch: 1,
  file: "step-000000020.safetensors",
  isBest: false,
  seconds: 0.1,
};

Deno.test("recordPause() keeps the cause, the step and the safe step, until training starts again", () =>
  inFolder(async (run) => {
    assert.equal(await readPause(run), undefined, "nothing is kept yet");
    const events = [startedEvent(), stepEvent(10), checkpoint, stepEvent(25)];
    await assert.rejects(record(run, events, full()), /No space left/);
    const { pausedAt, ...pause } = (await readPause(run))!;
    assert.deepEqual(pause, {
      cause: "disk full",
      message: "There is no room left on the disk",
      step: 25,
      safeStep: 20,
    });
    assert.ok(Math.abs(Date.parse(pausedAt) - Date.now()) < 60_000);
    await record(run, [startedEvent(20), stepEvent(30)]);
    assert.equal(await readPause(run), null);
  }));

Deno.test("recordPause() asks for the safe step where training failed before it began", () =>
  inFolder(async (run) => {
    const gone = new SonospeechError("store", { action: "open the dataset", must: "it must be there" });
    await assert.rejects(record(run, [], gone));
    const pause = await readPause(run);
    assert.deepEqual([pause?.cause, pause?.step, pause?.safeStep], ["bad input", 40, 40]);
  }));

Deno.test("recordPause() keeps that training was stopped", () =>
  inFolder(async (run) => {
    const paused: RunEvent = {
      kind: "paused",
      step: 12,
      epoch: 0,
      cause: "signal",
      message: "",
      safeStep: 12,
    };
    const signal = AbortSignal.abort(new Error("Stopped by SIGTERM"));
    await record(run, [startedEvent(), paused], undefined, signal);
    const pause = await readPause(run);
    assert.deepEqual([pause?.cause, pause?.message, pause?.safeStep], ["stopped", "Stopped by SIGTERM", 12]);
  }));

Deno.test("recordPause() writes in place, so that a full disk has room for it, and never through a link", () =>
  inFolder(async (run) => {
    await Deno.writeTextFile(`${run}/other`, "theirs");
    await Deno.symlink(`${run}/other`, `${run}/pause.json`);
    await record(run, [startedEvent()]);
    const before = await Deno.lstat(`${run}/pause.json`);
    assert.deepEqual([before.isFile, await Deno.readTextFile(`${run}/other`)], [true, "theirs"]);
    const long = new SonospeechError("input", { action: "go on", must: "€\u0001".repeat(3000) });
    await assert.rejects(record(run, [], long));
    const after = await Deno.lstat(`${run}/pause.json`);
    assert.deepEqual([after.ino, after.size], [before.ino, before.size]);
    assert.equal((await readPause(run))?.cause, "bad input");
  }));
