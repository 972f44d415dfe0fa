/**
 * What a part of the benchmark is given and what it gives.
 *
 * @module
 */

import type { BarGroup } from "./bar_plot.ts";
import type { BenchOptions } from "./options.ts";
import type { TorchReport } from "./torch.ts";

/** The machine that is measured. */
export interface Machine {
  /** Processor cores. */
  cores: number;
  /** The graphics adapter's name; "none" without one. */
  adapter: string;
  /** Whether the adapter is real, not emulated on the processor. */
  hasHardwareAdapter: boolean;
  /** The Python that has PyTorch. */
  python?: string;
  /** Its PyTorch. */
  torch?: TorchReport;
}

/** What a part works with. */
export interface BenchContext {
  options: BenchOptions;
  machine: Machine;
  /** Aborted when the user stops the benchmark. */
  signal: AbortSignal;
  /** Hears the share of the part that is done, and what is being done. */
  progress: (share: number, what?: string) => void;
  /** A folder that the part may fill; it is removed afterwards. */
  scratch: string;
}

/** A number that was to be reached. */
export interface Target {
  /** What was measured. */
  what: string;
  value: number;
  /** What the value must be at most. */
  most?: number;
  /** What the value must be at least. */
  least?: number;
  /** Of value and bound. */
  unit?: string;
}

/** Anything JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

/** What a part measured. */
export interface PartResult {
  /** For people, as a table. */
  text: string;
  /** For programs. */
  data: Json;
  targets?: Target[];
  /** For the plot. */
  bars?: BarGroup[];
  /** False when something that must hold did not; the benchmark then fails. */
  passed?: boolean;
}

/** A part of the benchmark. */
export interface Part {
  /** On the command line. */
  name: string;
  /** One line for people. */
  title: string;
  /** Whether it is run when none is asked for by name. */
  isDefault: boolean;
  /** About how many seconds it takes on two cores without a GPU. */
  seconds: (options: BenchOptions) => number;
  run: (context: BenchContext) => Promise<PartResult>;
}

/** Whether a target is reached. */
export function isReached({ value, most = Infinity, least = -Infinity }: Target): boolean {
  return value <= most && value >= least;
}

/** One line about a target. */
export function targetText(target: Target): string {
  const { what, value, most, least, unit } = target;
  const number = (x: number) => `${Number(x.toPrecision(3))}${unit ? ` ${unit}` : ""}`;
  const bound = most === undefined ? `at least ${number(least!)}` : `at most ${number(most)}`;
  return `${isReached(target) ? "reached" : "MISSED "}  ${what}: ${number(value)}, must be ${bound}`;
}
