/**
 * Axes: from numbers to places, with ticks at round numbers.
 *
 * @module
 */

import { count, fixed } from "../report_numbers.ts";

/** From numbers to a share of the axis, 0 to 1. */
export interface Scale {
  /** Where the axis begins and ends. */
  domain: [number, number];
  /** Round numbers inside the domain. */
  ticks: number[];
  /** The place of a number; outside [0, 1] where it is outside the domain. */
  place(value: number): number;
}

/** Steps between ticks, times a power of ten. */
const steps = [1, 2, 2.5, 5, 10];

/**
 * A linear scale that begins and ends with a tick (after Heckbert, Nice numbers for graph labels, 1990).
 *
 * @param extent Lowest and highest number to show; ones that are as good as equal get some room around.
 * @param count About how many intervals between ticks.
 */
export function linearScale([low, high]: readonly [number, number], count = 4): Scale {
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low <= 1e-9 * Math.max(size, 1e-3)) {
    const room = size < 1e-6 ? 1 : size / 10;
    return linearScale([low - room, high + room], count);
  }
  const wanted = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = power * steps.find((one) => one * power >= wanted * 0.999)!;
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => rounded((first + i) * step));
  const domain: [number, number] = [ticks[0], ticks.at(-1)!];
  return { domain, ticks, place: (value) => (value - domain[0]) / (domain[1] - domain[0]) };
}

/** A linear scale that begins and ends with the data; ticks are the round numbers inside. */
export function exactScale([low, high]: readonly [number, number], count = 4): Scale {
  if (low === high) return linearScale([low, high], count);
  const ticks = linearScale([low, high], count).ticks.filter((tick) => tick >= low && tick <= high);
  return { domain: [low, high], ticks, place: (value) => (value - low) / (high - low) };
}

/** A logarithmic scale with the numbers themselves as ticks; all must be positive. */
export function logScale(values: readonly number[]): Scale {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  if (ticks.length < 2) return linearScale([0, ticks[0] ?? 1], 2);
  const domain: [number, number] = [ticks[0], ticks.at(-1)!];
  const place = (value: number) => Math.log(value / domain[0]) / Math.log(domain[1] / domain[0]);
  return { domain, ticks, place };
}

function rounded(value: number): number {
  return Number(value.toPrecision(12)) + 0;
}

/** Digits after the point that tell neighbouring ticks apart. */
export function tickDecimals({ ticks }: Scale): number {
  const step = ticks.length < 2 ? 1 : ticks[1] - ticks[0];
  for (let decimals = 0; decimals < 6; decimals++) {
    const scaled = step * 10 ** decimals;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6) return decimals;
  }
  return 6;
}

/** Writes ticks that are shares in percent. */
export function percentTick(scale: Scale): (tick: number) => string {
  const decimals = Math.max(0, tickDecimals(scale) - 2);
  return (tick) => `${fixed(100 * tick, decimals)} %`;
}

/** Writes ticks as they are, with separators where they are large. */
export function plainTick(scale: Scale): (tick: number) => string {
  const decimals = tickDecimals(scale);
  return (tick) => scale.domain[1] >= 1000 ? count(tick) : fixed(tick, decimals);
}
