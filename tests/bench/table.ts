/**
 * What the benchmark measured, as a table.
 *
 * @module
 */

import type { ModelSpec } from "./bench_models.ts";
import type { EngineName } from "./engine.ts";

/** The engine whose times the ratios are taken of. */
const peer: EngineName = "stock-webgpu";

/** What one engine did on one model. */
export interface Row {
  engine: EngineName;
  /** Why there are no numbers. */
  absent?: string;
  /** Largest relative difference of the checked objectives from those of the first engine. */
  largestDifference?: number;
  /** Whether that is within what the check allows. */
  agrees?: boolean;
  medianMs?: number;
  fastestMs?: number;
  /** The median of each round, in their order. */
  roundMediansMs?: number[];
}

/** Every row of one model. */
export interface Table {
  model: ModelSpec;
  rows: Row[];
}

/** The middle number, or the mean of the middle two. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Median over the peer's, and the smallest and largest such ratio of a round. */
function ratioText({ medianMs, roundMediansMs }: Row, other: Row | undefined): string {
  if (!medianMs || !roundMediansMs || !other?.medianMs || !other.roundMediansMs) return "";
  const ratios = roundMediansMs.map((ms, round) => ms / other.roundMediansMs![round]);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  return `${(medianMs / other.medianMs).toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}

const labels: Record<EngineName, string> = {
  "wasm": "Sonospeech wasm",
  "webgpu": "Sonospeech webgpu",
  "stock-webgpu": "stock tfjs webgpu",
  "stock-wasm": "stock tfjs wasm",
  "torch": "PyTorch",
};

/** One line per engine, in columns. */
export function tableText({ model, rows }: Table): string {
  const other = rows.find((row) => row.engine === peer);
  const head = ["engine", "median ms", "fastest ms", `/ ${labels[peer]} (rounds)`, "difference"];
  const lines = rows.map((row) =>
    row.absent ? [labels[row.engine], row.absent] : [
      labels[row.engine],
      row.medianMs!.toFixed(1),
      row.fastestMs!.toFixed(1),
      ratioText(row, other),
      row.largestDifference!.toExponential(1) + (row.agrees ? "" : ", too large"),
    ]
  );
  const widths = head.map((title, i) => {
    return Math.max(title.length, ...lines.map((line) => line.length > 2 ? line[i].length : 0));
  });
  const pad = (line: readonly string[]) => line.map((text, i) => text.padEnd(widths[i])).join("  ").trimEnd();
  return [`model ${model.name}, batch ${model.batch}`, pad(head), ...lines.map(pad)].join("\n");
}
