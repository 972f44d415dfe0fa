/**
 * Milliseconds per training step of every engine, as a table.
 *
 * @module
 */

import type { ModelName, ModelSpec } from "../bench_models.ts";
import { engineLabels, type EngineName } from "../engine.ts";
import type { BenchContext, Json, Part, PartResult, Target } from "../part.ts";
import { median, relativeSpread } from "../statistics.ts";
import { type Row, StepBench, type StepTable } from "../step_bench.ts";
import { columns, mebibytes, milliseconds, percent } from "../table.ts";

/** Batches that a processor gets through in a time one can wait for. */
const defaultBatch: Record<ModelName, number> = { S: 32, P: 32, tiny: 32, small: 8, paper: 2 };
/** Median over the peer's, and the smallest and largest such ratio of a round. */
function ratioText(row: Row, peer: Row | undefined): string {
  if (!row.rounds || !peer?.rounds) return "";
  const shared = Math.min(row.rounds.length, peer.rounds.length);
  const ratios = row.rounds.slice(0, shared).map((round, i) => median(round) / median(peer.rounds![i]));
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  return `${timesOf(row, peer).toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}

function timesOf(row: Row, peer: Row): number {
  return median(row.rounds!.flat()) / median(peer.rounds!.flat());
}

function memoryText({ deviceBytes, residentBytes }: Row): string {
  return [
    deviceBytes === undefined ? "" : `${mebibytes(deviceBytes)} planned`,
    residentBytes === undefined ? "" : `${mebibytes(residentBytes)} resident`,
  ].filter(Boolean).join(", ");
}

/** One line for each engine. */
function tableText({ model, rows, peer, readEvery }: StepTable): string {
  const other = rows.find((row) => row.engine === peer);
  const label = other ? engineLabels[other.engine] : "peer";
  const head = [
    "engine",
    "median ms",
    "noise",
    "fastest",
    "samples/s",
    `/ ${label} (rounds)`,
    "difference",
    "MiB",
  ];
  const lines = rows.map((row) => {
    const times = row.rounds?.flat();
    if (!times) return [engineLabels[row.engine], row.absent ?? "not run"];
    return [
      engineLabels[row.engine],
      milliseconds(median(times)),
      `±${percent(relativeSpread(times))}`,
      milliseconds(Math.min(...times)),
      ((1000 * model.batch) / median(times)).toFixed(0),
      ratioText(row, other),
      row.largestDifference!.toExponential(1) + (row.agrees ? "" : ", too large"),
      memoryText(row),
    ];
  });
  const reading = readEvery === 1 ? "every step read" : `results read every ${readEvery} steps`;
  return `model ${model.name}, batch ${model.batch}, ${reading}\n${columns(head, lines)}`;
}

/** What issue and README promise, as far as this table can tell. */
function targetsOf({ model, rows }: StepTable, hasHardware: boolean): Target[] {
  const target = (what: EngineName, than: EngineName, bound: Pick<Target, "most" | "least">): Target[] => {
    const [a, b] = [what, than].map((name) => rows.find((row) => row.engine === name && row.rounds));
    if (!a || !b) return [];
    const value = bound.least === undefined ? timesOf(a, b) : timesOf(b, a);
    const measure = bound.least === undefined ? "time" : "samples/s";
    return [{ what: `${model.name}: ${measure} of ${what} ÷ ${than}`, value, ...bound }];
  };
  if (!hasHardware) {
    if (model.name !== "S") return [];
    return [
      ...target("webgpu", "stock-webgpu", { most: 0.1 }),
      ...target("webgpu", "jax-js", { most: 0.25 }),
      ...target("wasm", "torch", { most: 5 }),
      ...target("wasm", "torch", { most: 3 }),
    ];
  }
  const isSmall = model.name === "S" || model.name === "tiny";
  return [
    ...target("webgpu", "torch-cuda", { least: isSmall ? 1 : 0.6 }),
    ...target("webgpu", "stock-webgpu", { least: 20 }),
  ];
}

function dataOf({ model, readEvery, peer, rows }: StepTable): Json {
  return {
    model: { name: model.name, batch: model.batch, size: model.size },
    readEvery,
    peer,
    rows: rows.map(
      ({ engine, absent, largestDifference, agrees, rounds, deviceBytes, residentBytes }): Json => {
        const times = rounds?.flat();
        const measured = times && {
          medianMs: median(times),
          noise: relativeSpread(times),
          fastestMs: Math.min(...times),
          roundMediansMs: rounds!.map(median),
          deviceBytes,
          residentBytes,
          largestDifference,
          agrees,
        };
        return measured ? { engine, ...measured } : { engine, absent };
      },
    ),
  };
}

async function run(context: BenchContext): Promise<PartResult> {
  const { models, batch, size } = context.options;
  const tables: StepTable[] = [];
  for (const [i, name] of models.entries()) {
    const spec: ModelSpec = { name, batch: batch ?? defaultBatch[name], size };
    const progress = (share: number) => context.progress((i + share) / models.length, `model ${name}`);
    tables.push(await new StepBench(context, spec, progress).measure());
  }
  return {
    text: tables.map(tableText).join("\n\n"),
    data: tables.map(dataOf),
    targets: tables.flatMap((table) => targetsOf(table, context.machine.hasHardwareAdapter)),
    bars: tables.map(({ model, rows }) => ({
      title: `Training step, model ${model.name}, batch ${model.batch}`,
      unit: "ms",
      bars: rows.filter((row) => row.rounds).map((row) => {
        return { label: engineLabels[row.engine], value: median(row.rounds!.flat()) };
      }),
    })),
  };
}

/** Seconds that a model takes with all engines, two cores and no GPU. */
const modelSeconds: Record<ModelName, number> = { S: 130, P: 400, tiny: 260, small: 120, paper: 300 };

/** The step table. */
export const stepsPart: Part = {
  name: "steps",
  title: "milliseconds per training step, beside tfjs, jax-js and PyTorch",
  isDefault: true,
  seconds: ({ models }) => models.reduce((sum, name) => sum + modelSeconds[name], 0),
  run,
};
