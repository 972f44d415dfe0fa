/**
 * What people who look at a training cost it: a real training with its dashboard beside it, watched by nobody and by a
 * hundred in turns. What they do themselves would not be done on the trainer's machine: their process has the last of
 * the cores, the trainer with its dashboard all others, so that only what the dashboard does takes time from training.
 *
 * The clock on the wall sees whatever disturbs the machine. Processor time for a step is the process's own, by Linux's
 * account; of that, the time of the dashboard's thread is what viewers add, nearly without noise.
 *
 * @module
 */

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { BenchContext, Json, Part, PartResult } from "../part.ts";
import { mainScript } from "../scripts.ts";
import { median } from "../statistics.ts";
import { makeDataset } from "../synthetic_data.ts";
import { columns, milliseconds } from "../table.ts";
import type { Audience, AudienceReport } from "../viewers_process.ts";
import { WatchedTraining } from "../watched_training.ts";

const viewers = 100;
/** Pages with the list of runs. */
const pollers = 5;
const blockSeconds = 8;
/** For what takes less than a second on a quiet machine. */
const patienceSeconds = 60;
/** The share of the step rate that viewers may cost. */
const allowedCost = 0.02;
const trainerCores = navigator.hardwareConcurrency - 1;

const settings = [
  "data.batchSize=10",
  "training.epochs=1000000",
  "training.evaluateEveryEpochs=1000000",
];

/** A stretch of the training. */
interface Block {
  steps: number;
  stepsPerSecond: number;
  /** Processor time, milliseconds a step. */
  processMs: number;
  dashboardMs: number;
  /** The dashboard's thread, as a share of the time of the trainer's cores. */
  dashboardShare: number;
  /** Of those who looked. */
  audience?: AudienceReport;
}

/** Two stretches, one after the other. */
interface Round {
  alone: Block;
  watched: Block;
}

/** Waits for what must come soon. @throws Error when it does not, so that the benchmark ends. */
async function inTime<T>(coming: Promise<T>, what: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`The benchmark waits for ${what}, which must come within ${patienceSeconds} s`)),
    1000 * patienceSeconds,
  );
  try {
    return await Promise.race([coming, promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function measure(training: WatchedTraining): Promise<Block> {
  const sample = () => inTime(training.sample(), "a step of the training");
  const from = await sample();
  await new Promise((resolve) => setTimeout(resolve, 1000 * blockSeconds));
  const to = await sample();
  const [steps, seconds] = [to.step - from.step, to.seconds - from.seconds];
  return {
    steps,
    stepsPerSecond: steps / seconds,
    processMs: (to.processMs - from.processMs) / steps,
    dashboardMs: (to.dashboardMs - from.dashboardMs) / steps,
    dashboardShare: (to.dashboardMs - from.dashboardMs) / 1000 / seconds / trainerCores,
  };
}

async function measureWatched(training: WatchedTraining, signal: AbortSignal): Promise<Block> {
  const audience: Audience = { url: training.url, run: "watched", viewers, pollers };
  const words = ["run", "--no-prompt", "--allow-all", mainScript, "viewers", JSON.stringify(audience)];
  const child = new Deno.Command("taskset", {
    args: ["--cpu-list", `${trainerCores}`, Deno.execPath(), ...words],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    signal,
  }).spawn();
  const lines = createInterface({ input: Readable.from(child.stdout.pipeThrough(new TextDecoderStream())) })
    [Symbol.asyncIterator]();
  const nextLine = async () =>
    JSON.parse((await inTime(lines.next(), "an answer of the viewers")).value ?? "null");
  assert.deepEqual(await nextLine(), { isComplete: true });
  const block = await measure(training);
  await child.stdin.close();
  const report = await nextLine() as AudienceReport;
  assert.ok((await child.status).success, "the viewers' process must end well");
  return { ...block, audience: report };
}

async function measureRounds(
  training: WatchedTraining,
  { options, signal, progress }: BenchContext,
): Promise<Round[]> {
  // Compilers and caches fill up.
  await measure(training);
  const rounds: Round[] = [];
  for (let i = 0; i < options.rounds; i++) {
    signal.throwIfAborted();
    progress(0.2 + (0.8 * i) / options.rounds, `round ${i + 1} of ${options.rounds}`);
    // What comes first changes, so that a machine that slows down does so for both.
    if (i % 2 === 0) {
      const alone = await measure(training);
      rounds.push({ alone, watched: await measureWatched(training, signal) });
    } else {
      const watched = await measureWatched(training, signal);
      rounds.push({ alone: await measure(training), watched });
    }
  }
  return rounds;
}

/** A share of each round: its median, and its least and most. */
function costOf(rounds: readonly Round[], share: (round: Round) => number) {
  const shares = rounds.map(share);
  return { median: median(shares), least: Math.min(...shares), most: Math.max(...shares) };
}

/** Whether every viewer got every event; those of the last look at the store may still be on their way. */
function gotAll({ audience, steps }: Block): boolean {
  return audience !== undefined && audience.faults === 0 && audience.leastEvents >= steps / 2;
}

function resultOf(rounds: readonly Round[]): PartResult {
  const costs = {
    "steps a second": costOf(
      rounds,
      ({ alone, watched }) => 1 - watched.stepsPerSecond / alone.stepsPerSecond,
    ),
    "processor time a step": costOf(rounds, ({ alone, watched }) => watched.processMs / alone.processMs - 1),
    "of it, the dashboard's thread": costOf(
      rounds,
      ({ alone, watched }) => (watched.dashboardMs - alone.dashboardMs) / alone.processMs,
    ),
    "the dashboard's thread, of the trainer's cores": costOf(
      rounds,
      ({ alone, watched }) => watched.dashboardShare - alone.dashboardShare,
    ),
  };
  const share = (value: number) => `${(100 * value).toFixed(2)} %`;
  const rows = Object.entries(costs).map(([what, { median, least, most }]) => {
    return [what, share(median), `${share(least)} to ${share(most)}`];
  });
  const audiences = rounds.map(({ watched }) => watched.audience!);
  const middle = (of: (round: Round) => number) => median(rounds.map(of));
  return {
    text: `${middle(({ alone }) => alone.stepsPerSecond).toFixed(1)} steps a second, ` +
      `${milliseconds(middle(({ alone }) => alone.processMs))} ms of processors a step; ` +
      `each viewer got ${audiences.map(({ leastEvents }) => leastEvents).join(", ")} events or more, ` +
      `${audiences.reduce((sum, { faults }) => sum + faults, 0)} missed or twice\n` +
      columns([`cost of ${viewers} viewers`, "median", "rounds"], rows),
    data: { viewers, pollers, costs, rounds: rounds as unknown as Json },
    targets: Object.entries(costs).map(([what, { median }]) => {
      return { what: `cost of viewers: ${what}`, value: 100 * median, most: 100 * allowedCost, unit: "%" };
    }),
    passed: rounds.every(({ watched }) => gotAll(watched)),
  };
}

async function run(context: BenchContext): Promise<PartResult> {
  if (Deno.build.os !== "linux") {
    return { text: "not run: only Linux tells a process's time while it runs", data: null };
  }
  if (trainerCores < 1) return { text: "not run: trainer and viewers need a core each", data: null };
  const { scratch, signal, progress, machine } = context;
  (await makeDataset(scratch, signal)).close();
  progress(0.15);
  const training = new WatchedTraining([
    `${scratch}/dataset`,
    ...["--run", `${scratch}/runs/watched`, "--device", machine.hasHardwareAdapter ? "webgpu" : "wasm"],
    ...["--skip-gates", ...settings.flatMap((setting) => ["--set", setting])],
  ], { cores: `0-${trainerCores - 1}`, signal });
  try {
    return resultOf(await measureRounds(training, context));
  } finally {
    await training.close();
  }
}

/** What viewers cost. */
export const viewersPart: Part = {
  name: "viewers",
  title: "what a hundred viewers of the dashboard cost the training beside it",
  isDefault: true,
  seconds: ({ rounds }) => 60 + rounds * (2 * blockSeconds + 6),
  run,
};
