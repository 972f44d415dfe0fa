/**
 * How time and memory of a training step grow with the batch, the pictures' size and the model's width.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ModelSpec } from "../bench_models.ts";
import { Engine, engineLabels, type EngineName } from "../engine.ts";
import type { BenchContext, Json, Part, PartResult } from "../part.ts";
import { growthExponent, median } from "../statistics.ts";
import { columns, mebibytes, milliseconds } from "../table.ts";

const base: Required<ModelSpec> = { name: "S", batch: 16, size: 64, width: 1 };

/** What is varied, the rest being as in `base`. */
const variations: Record<"batch" | "size" | "width", readonly number[]> = {
  batch: [8, 16, 32, 64],
  size: [32, 64, 128],
  width: [1, 2, 4],
};

const steps = 5;

interface Point {
  engine: EngineName;
  varied: keyof typeof variations;
  value: number;
  medianMs: number;
  deviceBytes?: number;
  residentBytes?: number;
}

async function measure(engineName: EngineName, spec: ModelSpec, signal: AbortSignal) {
  const engine = await Engine.start(engineName, spec, { signal });
  assert(engine instanceof Engine);
  try {
    const reply = await engine.run({ steps: steps + 1, sameBatch: false, readEvery: 1 });
    assert(!("error" in reply), `${engineName} must train, but said: ${"error" in reply && reply.error}`);
    const { milliseconds: times, objectives, deviceBytes, residentBytes } = reply;
    assert(
      objectives.every(Number.isFinite),
      `${engineName}'s objectives must be finite, received ${objectives}`,
    );
    return { medianMs: median(times.slice(1)), deviceBytes, residentBytes };
  } finally {
    await engine.close();
  }
}

/** One line for each number that is varied, with the exponents of its growth. */
function tableText(points: readonly Point[]): string {
  const lines = Map.groupBy(points, ({ engine, varied }) => `${engine} ${varied}`);
  const rows = [...lines.values()].map((line) => {
    const [{ engine, varied }] = line;
    const memory = (point: Point) => point.deviceBytes ?? point.residentBytes ?? NaN;
    const exponent = (of: (point: Point) => number) => {
      return growthExponent(line.map((point): [number, number] => [point.value, of(point)])).toFixed(2);
    };
    return [
      engineLabels[engine],
      varied,
      line.map((point) => `${point.value}: ${milliseconds(point.medianMs)} ms`).join(", "),
      exponent((point) => point.medianMs),
      line.map((point) => mebibytes(memory(point))).join(", "),
      exponent(memory),
    ];
  });
  const head = ["engine", "varied", "milliseconds", "exponent", "MiB", "exponent"];
  const { name, batch, size } = base;
  return `model ${name}, otherwise batch ${batch}, ${size}×${size} pictures, width 1; ` +
    `MiB are planned on webgpu, of the process on wasm\n${columns(head, rows)}`;
}

async function run({ machine, signal, progress }: BenchContext): Promise<PartResult> {
  const engines: EngineName[] = machine.adapter === "none" ? ["wasm"] : ["wasm", "webgpu"];
  const jobs = engines.flatMap((engine) =>
    (["batch", "size", "width"] as const).flatMap((varied) =>
      variations[varied].map((value) => ({ engine, varied, value }))
    )
  );
  const points: Point[] = [];
  for (const [i, job] of jobs.entries()) {
    signal.throwIfAborted();
    const found = await measure(job.engine, { ...base, [job.varied]: job.value }, signal);
    points.push({ ...job, ...found });
    progress((i + 1) / jobs.length, `${job.varied} ${job.value}`);
  }
  return { text: tableText(points), data: points.map((point): Json => ({ ...point })) };
}

/** Growth of time and memory. */
export const growthPart: Part = {
  name: "growth",
  title: "time and memory as batch, pictures and model grow",
  isDefault: true,
  seconds: () => 50,
  run,
};
