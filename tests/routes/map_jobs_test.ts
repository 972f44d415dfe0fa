import assert from "node:assert/strict";
import { MapJobs } from "../../routes/map_jobs.ts";
import type { MapQuestion } from "../../routes/map_worker.ts";

/** A worker that answers by the file's name: `hang` never, `fail` in words, `crash` by dying, others at once. */
const script = `
  let asked = 0;
  addEventListener("message", ({ data: { file } }) => {
    asked++;
    if (file === "hang") postMessage({ kind: "progress", share: 0.5 });
    else if (file === "fail") postMessage({ kind: "failed", error: { message: "no such file" } });
    else if (file === "crash") setTimeout(() => { throw new Error("crashed"); }, 0);
    else postMessage({ kind: "windows", asked });
  });
`;
const workerUrl = new URL(`data:application/javascript,${encodeURIComponent(script)}`);
const question = (file: string): MapQuestion => ({ kind: "windows", file, temperature: 1 });

async function withJobs(test: (jobs: MapJobs) => Promise<void>): Promise<void> {
  const jobs = new MapJobs(workerUrl);
  try {
    await test(jobs);
  } finally {
    jobs.close();
  }
}

/** Starts a job that hangs, and waits until it has begun. */
async function hanging(jobs: MapJobs, signal: AbortSignal) {
  const begun = Promise.withResolvers<void>();
  const result = jobs.run("hang", question("hang"), { signal, onReply: () => begun.resolve() });
  const refused = assert.rejects(result, /nobody waits/);
  await begun.promise;
  // In an object, for a promise that is returned is waited for.
  return { refused };
}

Deno.test("MapJobs stops a job for which nobody waits any more, and does the next with a new worker", () =>
  withJobs(async (jobs) => {
    const ending = new AbortController();
    const { refused } = await hanging(jobs, ending.signal);
    const next = jobs.run("next", question("next"));
    ending.abort(new Error("nobody waits"));
    await refused;
    assert.deepEqual(await next, { kind: "windows", asked: 1 });
    assert.deepEqual(
      await jobs.run("next", question("next")),
      { kind: "windows", asked: 2 },
      "the worker is kept",
    );
  }));

Deno.test("MapJobs goes on with a job while one still waits for it", () =>
  withJobs(async (jobs) => {
    const [first, second] = [new AbortController(), new AbortController()];
    const { refused } = await hanging(jobs, first.signal);
    const other = assert.rejects(
      jobs.run("hang", question("hang"), { signal: second.signal }),
      /nobody waits/,
    );
    first.abort(new Error("nobody waits"));
    await refused;
    let isNextDone = false;
    const next = jobs.run("next", question("next")).then(() => isNextDone = true);
    // A whole round through another worker: time enough for the next job, were the first one stopped.
    await withJobs(async (others) => void await others.run("a", question("a")));
    assert.equal(isNextDone, false);
    second.abort(new Error("nobody waits"));
    await Promise.all([other, next]);
  }));

Deno.test("MapJobs tells what the worker says, and outlives one that dies", () =>
  withJobs(async (jobs) => {
    await assert.rejects(jobs.run("fail", question("fail")), /no such file/);
    await assert.rejects(jobs.run("crash", question("crash")), /crashed/);
    assert.deepEqual(await jobs.run("a", question("a")), { kind: "windows", asked: 1 });
    await assert.rejects(
      jobs.run("b", question("b"), { signal: AbortSignal.abort(new Error("late")) }),
      /late/,
    );
  }));

Deno.test("MapJobs tells whoever waits when the server ends", async () => {
  const jobs = new MapJobs(workerUrl);
  const waiting = assert.rejects(jobs.run("hang", question("hang")), /The server is ending/);
  jobs.close();
  await waiting;
});
