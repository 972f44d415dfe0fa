import assert from "node:assert/strict";
import { Refusal } from "../../routes/guard.ts";
import { type JobFacts, Jobs } from "../../routes/jobs.ts";
import { fakeProgram } from "../helpers/fake_program.ts";

const order = { kind: "train", run: "r1", words: ["train", "data"] } as const;

/** Jobs, and a promise of the first that ends. */
function jobsWith(program: ReturnType<typeof fakeProgram>, stopSeconds?: number) {
  const { promise, resolve } = Promise.withResolvers<JobFacts>();
  const jobs = new Jobs(program.launch, {
    stopSeconds,
    onEnd: (job) => {
      resolve(job);
      return Promise.resolve();
    },
  });
  return { jobs, ended: promise };
}

const linesOf = (jobs: Jobs) => jobs.current?.lines;
const isConflict = (error: unknown) => error instanceof Refusal && error.status === 409;

Deno.test("Jobs runs one process at a time and tells what it said last, without paths and hints", async () => {
  const program = fakeProgram();
  const { jobs, ended } = jobsWith(program);
  assert.equal(jobs.current, null);
  const [first, second] = await Promise.allSettled([jobs.start(order), jobs.start({ ...order, run: "r2" })]);
  assert.equal(first.status, "fulfilled");
  assert.ok(second.status === "rejected" && isConflict(second.reason), "both were asked for at once");
  await assert.rejects(jobs.start(order), isConflict);
  const [process] = program.processes;
  process.say("certify 1/2 sc");
  process.say("ans\nCannot read the dataset: /data/anna must be there\nHint: ./run prepare /data/anna\n\n");
  process.end(4);
  const job = await ended;
  assert.deepEqual([job.state, job.exitCode, job.succeeded], ["ended", 4, false]);
  assert.equal(job.message, "Cannot read the dataset: …");
  assert.deepEqual(job.lines, ["certify 1/2 scans", "Cannot read the dataset: …"]);
  const next = await jobs.start(order);
  assert.deepEqual([next.id, next.state], [2, "running"]);
  for (let i = 1; i <= 60; i++) program.processes[1].say(`line ${i}\n`);
  program.processes[1].end(0);
  await jobs.close();
  assert.deepEqual(linesOf(jobs), Array.from({ length: 40 }, (_, i) => `line ${i + 21}`));
});

Deno.test("Jobs asks a process to end once, and kills it when it does not", async () => {
  const program = fakeProgram(false);
  const { jobs, ended } = jobsWith(program, 0.01);
  assert.throws(() => jobs.stop("r1"), isConflict);
  await jobs.start(order);
  assert.throws(() => jobs.stop("r2"), isConflict, "another run");
  assert.equal(jobs.stop("r1").state, "stopping");
  jobs.stop("r1");
  const job = await ended;
  assert.deepEqual(program.processes[0].signals, ["SIGTERM", "SIGKILL"]);
  assert.deepEqual([job.exitCode, job.message], [null, "Ended by SIGKILL"]);
});

Deno.test("Jobs ends what it began and starts nothing after it was closed", async () => {
  const program = fakeProgram();
  const { jobs } = jobsWith(program);
  await jobs.start(order);
  await jobs.close();
  assert.deepEqual([program.processes[0].signals, jobs.current?.state], [["SIGTERM"], "ended"]);
  await assert.rejects(jobs.start(order), isConflict);
});
