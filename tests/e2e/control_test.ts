/** Runs that are started, stopped, continued and evaluated from the dashboard, and what becomes of failures. */

import assert from "node:assert/strict";
import { childrenOf, eventually, isAlive, makeDataset, withControlServer } from "../helpers/control_bench.ts";

const hasProc = Deno.build.os === "linux";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
let dataset: Promise<void> | undefined;

/** All tests train on one dataset, each into runs of its own. */
async function withServer(
  name: string,
  test: Parameters<typeof withControlServer>[1],
  runs?: string,
): Promise<void> {
  await (dataset ??= makeDataset(folder));
  await withControlServer(folder, test, runs ?? `${folder}/${name}`);
}

Deno.test("control: a run is stopped with a checkpoint, goes on from there, and is evaluated", () =>
  withServer("stopped", async ({ start, act, until, ended, log, json }) => {
    await start("r");
    const running = await until("r", "it trains", ({ state, step }) => state === "running" && step >= 3);
    assert.equal(running.pause, null);
    await act("stop", "r");
    assert.equal((await ended()).exitCode, 143);
    const stopped = await until("r", "it is paused", ({ state }) => state === "paused");
    assert.deepEqual([stopped.pause?.cause, stopped.pause?.message], ["stopped", "Stopped by SIGTERM"]);
    const { safeStep } = stopped.pause!;
    assert.ok(safeStep >= 3 && safeStep === stopped.step);

    await act("continue", "r");
    // Until it has started again, its events are those from before.
    const again = await until(
      "r",
      "it goes on",
      ({ step, started }) => started?.step === safeStep && step > safeStep,
    );
    assert.deepEqual([again.state, again.pause], ["running", null]);
    await act("stop", "r");
    await ended();
    await act("evaluate", "r", { split: "test", checkpoint: "newest" });
    const evaluated = await ended();
    assert.equal(evaluated.succeeded, true, evaluated.message);
    const evaluations = await json<{ split: string }[]>("api/runs/r/evaluations");
    assert.ok(evaluations.some(({ split }) => split === "test"));
    assert.deepEqual((await log()).map(({ action }) => action).reverse(), [
      ...["start", "stop", "ended", "continue", "stop", "ended", "evaluate", "ended"],
    ]);
  }));

Deno.test({
  name: "control: a run that was killed says so, and goes on from its last checkpoint",
  ignore: !hasProc,
  fn: () =>
    withServer("killed", async ({ start, act, until, ended, server }) => {
      await start("r", ["training.evaluateEveryEpochs=1"]);
      await until("r", "it has a checkpoint", ({ step, started }) =>
        step > 2 * (started?.stepsPerEpoch ?? Infinity));
      const [child] = childrenOf(server.pid);
      Deno.kill(child, "SIGKILL");
      const job = await ended();
      assert.deepEqual([job.exitCode, job.message], [null, "Ended by SIGKILL"]);
      const killed = await until("r", "it is interrupted", ({ state }) =>
        state === "interrupted");
      assert.deepEqual([killed.pause?.cause, killed.pauseCause], ["killed", "killed"]);
      const { safeStep } = killed.pause!;
      assert.ok(safeStep >= killed.started!.stepsPerEpoch && safeStep <= killed.step);
      await act("continue", "r");
      // Until it has started again, its events are those from before.
      const again = await until(
        "r",
        "it goes on",
        ({ step, started }) =>
          started?.step === safeStep && step > safeStep,
      );
      assert.deepEqual([again.state, again.pause], ["running", null]);
    }),
});

Deno.test("control: a run whose dataset is gone says so, and goes on once it is back", () =>
  withServer("gone", async ({ start, act, until, ended, root }) => {
    await start("r");
    await until("r", "it trains", ({ step }) => step >= 1);
    await act("stop", "r");
    await ended();
    await Deno.rename(`${root}/data/fetal`, `${root}/elsewhere`);
    try {
      await act("continue", "r");
      assert.equal((await ended()).exitCode, 4);
      const { pause, state } = await until("r", "it is paused", ({ pause }) => pause?.cause === "bad input");
      assert.equal(state, "paused");
      assert.match(
        pause!.message,
        /^Cannot open the dataset: the folder must hold a readable dataset\.json$/,
      );
      assert.ok(pause!.safeStep >= 1);
      // Another dataset in its place is not what the run learned from.
      await Deno.mkdir(`${root}/data/fetal`);
      await Deno.copyFile(`${root}/elsewhere/dataset.json`, `${root}/data/fetal/dataset.json`);
      await act("continue", "r");
      assert.equal((await ended()).succeeded, false);
      await until("r", "it is still paused", ({ pause }) => pause?.cause === "bad input");
      await Deno.remove(`${root}/data/fetal`, { recursive: true });
    } finally {
      await Deno.rename(`${root}/elsewhere`, `${root}/data/fetal`);
    }
    await act("continue", "r");
    await until("r", "it goes on", ({ state, step }) => state === "running" && step > 1);
  }));

Deno.test("control: a run whose numbers are not finite says so, and the dashboard starts the next", () =>
  withServer("not_finite", async ({ start, until, ended }) => {
    await start("r", [
      "optimizer.kind=sgd",
      "optimizer.learningRate=1e20",
      "optimizer.clipNorm=1e20",
      "optimizer.warmupSteps=0",
    ]);
    assert.equal((await ended()).exitCode, 7);
    const { pause } = await until("r", "it is paused", ({ state }) => state === "paused");
    assert.equal(pause?.cause, "not finite");
    assert.match(pause!.remedy, /lower optimizer\.learningRate/);
    await start("other");
    await until("other", "it trains", ({ step }) => step >= 1);
  }));

async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
  return (await command.output().catch(() => null))?.success ?? false;
}

/** Mounts a file system with room for a few checkpoints. @returns Whether that could be done. */
function mountDisk(): Promise<boolean> {
  Deno.mkdirSync(`${folder}/disk`, { recursive: true });
  return succeeds("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", `${folder}/disk`);
}

const unmountDisk = () => succeeds("umount", `${folder}/disk`);

const hasDisk = hasProc && await mountDisk() && await unmountDisk();

Deno.test({
  name: "control: a run on a full disk says so, and goes on once there is room" +
    (hasDisk ? "" : " (ignored: no small disk can be mounted here)"),
  ignore: !hasDisk,
  fn: async () => {
    assert.ok(await mountDisk());
    try {
      await withServer("disk", async ({ start, act, until, ended }) => {
        await start("r", ["training.evaluateEveryEpochs=1"]);
        await until(
          "r",
          "it has a checkpoint",
          ({ step, started }) => step > 2 * (started?.stepsPerEpoch ?? Infinity),
        );
        fill(`${folder}/disk/filler`);
        const job = await ended();
        assert.notEqual(job.exitCode, 0);
        const { pause, state } = await until(
          "r",
          "it is paused",
          ({ pause }) => pause?.cause === "disk full",
        );
        assert.deepEqual([state, pause?.message], ["paused", "There is no room left on the disk"]);
        assert.ok(pause!.safeStep > 0);
        await Deno.remove(`${folder}/disk/filler`);
        await act("continue", "r");
        // Until it has started again, its events are those from before.
        const again = await until(
          "r",
          "it goes on",
          ({ step, started }) => started?.step === pause!.safeStep && step > pause!.safeStep,
        );
        assert.deepEqual([again.state, again.pause], ["running", null]);
      }, `${folder}/disk`);
    } finally {
      await unmountDisk();
    }
  },
});

/** Fills a disk to its last byte. */
function fill(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  for (let size = 1 << 20; size >= 1;) {
    try {
      file.writeSync(new Uint8Array(size));
    } catch {
      size >>= 1;
    }
  }
}

Deno.test({
  name:
    "control: what the dashboard started ends with it, with a checkpoint, whether it is asked to end or killed",
  ignore: !hasProc,
  fn: async () => {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      let child = 0;
      await withServer(signal, async ({ start, until, server }) => {
        await start("r");
        await until("r", "it trains", ({ step }) => step >= 1);
        [child] = childrenOf(server.pid);
        assert.ok(child > 0);
        server.kill(signal);
        await server.status;
        if (signal === "SIGTERM") assert.equal(isAlive(child), false, "the server waits for it");
        else await eventually("it ends", () => Promise.resolve(isAlive(child) ? null : true));
      });
      const pause = JSON.parse(await Deno.readTextFile(`${folder}/${signal}/r/pause.json`));
      assert.equal(pause.cause, "stopped");
      assert.equal(pause.message, `Stopped by ${signal === "SIGTERM" ? "SIGTERM" : "SIGPIPE"}`);
      assert.ok(pause.safeStep >= 1 && pause.safeStep === pause.step);
    }
  },
});
