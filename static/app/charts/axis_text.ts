/**
 * What stands at an x axis and for a place on it.
 *
 * @module
 */

import { formatCount, formatTick, formatTicks } from "../format.ts";
import type { XKind } from "./chart_view.ts";

/** Names of what lies across. */
export const xNames: Record<XKind, string> = {
  step: "step",
  epoch: "epoch",
  wall: "time of day",
  relative: "time since start",
};

/** Round places on an axis: a few, whatever its ends are. */
export function ticksOf([low, high]: [number, number], isLog: boolean): number[] {
  if (isLog && low > 0) {
    const digits = high / low > 300 ? [1] : [1, 2, 5];
    const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
    const ticks = Array.from({ length: last - first + 1 }, (_, i) => first + i)
      .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
      .filter((value) => value >= low && value <= high);
    if (ticks.length > 2) return ticks.filter((_, i) => i % Math.ceil(ticks.length / 8) === 0);
  }
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough * 0.999)!;
  const first = Math.ceil(low / step);
  return Array.from(
    { length: Math.max(0, Math.floor(high / step) - first + 1) },
    (_, i) => Number(((first + i) * step).toPrecision(12)),
  );
}

/** Ticks of an axis of values. */
export function valueTicks(values: readonly number[], isLog: boolean): string[] {
  return isLog ? values.map(formatTick) : formatTicks(values);
}

/** Ticks of an axis of shares, in percent. */
export function percentTicks(values: readonly number[], isLog: boolean): string[] {
  return valueTicks(values.map((value) => 100 * value), isLog).map((text) => `${text} %`);
}

/**
 * A tick of the axis, short; `span` is the length of what is shown, in the axis's unit. Nothing where nothing can lie:
 * beside a single point, ticks come before the start and between steps.
 */
export function tickText(x: number, kind: XKind, span: number): string {
  if (x < 0) return "";
  if (kind === "step") return Number.isInteger(x) ? shortStep(x) : "";
  if (kind === "epoch") return formatTick(x);
  if (kind === "relative") return elapsed(x, span);
  const date = new Date(x * 1000);
  if (span > 86_400 * 2) return date.toLocaleDateString("en", { month: "short", day: "numeric" });
  const seconds = span < 300 ? { second: "2-digit" } as const : {};
  return date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...seconds });
}

/** A place on the axis in full. */
export function placeText(x: number, kind: XKind): string {
  if (kind === "step") return `step ${formatCount(x)}`;
  if (kind === "epoch") return `epoch ${x.toFixed(2)}`;
  if (kind === "relative") return elapsed(x, 0);
  return new Date(x * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}

function shortStep(step: number): string {
  if (step >= 1e6) return `${Number((step / 1e6).toFixed(2))}M`;
  return step >= 1e4 ? `${Number((step / 1e3).toFixed(1))}k` : formatCount(step);
}

/** As `90 s`, `12 min`, `3.5 h` by the span that is shown; in full when it is 0. */
function elapsed(seconds: number, span: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  if (span === 0) {
    return `${Math.floor(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)} h after the start`;
  }
  if (span > 3 * 3600) return `${Number((seconds / 3600).toFixed(1))} h`;
  return span > 180 ? `${Number((seconds / 60).toFixed(1))} min` : `${Number(seconds.toPrecision(3))} s`;
}
