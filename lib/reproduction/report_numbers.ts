/**
 * Numbers of a report as people read them: always finite, with no more digits than they deserve.
 *
 * @module
 */

import type { Interval } from "../evaluation/bootstrap.ts";
import type { Figure, MetricInfo } from "./report.ts";

/** Stands where there is no number. */
export const noNumber = "n/a";

/** Writes the numbers of one metric alike. */
export interface NumberFormat {
  /** As "%", or empty. */
  unit: string;
  /** Digits after the point. */
  decimals: number;
  /** The number alone, as in a table whose heading has the unit. */
  value(number: number | null | undefined): string;
  /** The number with its unit. */
  withUnit(number: number | null | undefined): string;
  /** As "± 1.7", or "± < 0.1" rather than a zero that it is not; empty when there is none. */
  deviation(number: number | null | undefined): string;
  /** A difference with its sign; of shares in percentage points. */
  difference(number: number | null | undefined): string;
  /** As "[70.1, 74.9]"; empty when there is none. */
  interval(interval: Interval | null | undefined): string;
}

/** Whether there is a number to show; what was not finite comes back from JSON as null. */
export function isNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** With a true minus sign and without a negative zero. */
export function fixed(value: number | null | undefined, decimals: number): string {
  if (!isNumber(value)) return noNumber;
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** The figure, if the row has a finite one. */
export function shownFigure(figure: Figure | undefined): Figure | undefined {
  return figure && isNumber(figure.value) ? figure : undefined;
}

/** Shares in percent with one decimal, ranks with one; others with about three digits of the largest figure. */
export function numberFormat(metric: Pick<MetricInfo, "unit">, figures: readonly Figure[]): NumberFormat {
  const isShare = metric.unit === "share";
  const largest = Math.max(0, ...figures.map(({ value }) => isNumber(value) ? Math.abs(value) : 0));
  return makeFormat(isShare ? 100 : 1, isShare || metric.unit === "rank" ? 1 : digitsAfterPoint(largest));
}

/** Shares in percent, with one decimal. */
export const shareFormat: NumberFormat = makeFormat(100, 1);

function digitsAfterPoint(largest: number): number {
  if (largest >= 100) return 0;
  if (largest >= 10) return 1;
  return largest >= 1 ? 2 : 3;
}

function makeFormat(factor: number, decimals: number): NumberFormat {
  const unit = factor === 100 ? "%" : "";
  const scaled = (number: number | null | undefined) => isNumber(number) ? factor * number : null;
  const value = (number: number | null | undefined) => fixed(scaled(number), decimals);
  return {
    unit,
    decimals,
    value,
    withUnit: (number) => isNumber(number) && unit ? `${value(number)}\u00a0${unit}` : value(number),
    deviation: (number) => {
      if (!isNumber(number)) return "";
      const text = value(number);
      return number > 0 && Number(text) === 0 ? `± < ${fixed(10 ** -decimals, decimals)}` : `± ${text}`;
    },
    difference: (number) => {
      const text = value(number);
      const isPositive = isNumber(number) && number > 0 && Number(text) !== 0;
      return isPositive ? `+${text}` : text;
    },
    interval: (interval) =>
      interval && interval.every(isNumber) ? `[${value(interval[0])}, ${value(interval[1])}]` : "",
  };
}

/**
 * A p-value with two digits that count, three near 0.05, so that rounding never moves it across.
 */
export function pValue(p: number | null | undefined): string {
  if (!isNumber(p)) return noNumber;
  if (p < 0.0001) return "< 0.0001";
  if (p >= 0.995) return "1.00";
  if (p >= 0.1) return p.toFixed(2);
  const digits = Math.abs(p - 0.05) < 0.005 ? 3 : 2;
  return p.toFixed(Math.min(6, digits - 1 - Math.floor(Math.log10(p))));
}

/** A count with separators. */
export function count(value: number): string {
  return isNumber(value) ? new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(value) : noNumber;
}

/** A count with its noun, which gets an s where there is not one. */
export function counted(value: number, noun: string): string {
  return `${count(value)}\u00a0${noun}${value === 1 ? "" : "s"}`;
}

/** As "42 s", "3 min" or "2 h 5 min". */
export function duration(seconds: number): string {
  if (!isNumber(seconds)) return noNumber;
  if (seconds < 90) return `${Math.round(seconds)}\u00a0s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes}\u00a0min` : `${Math.floor(minutes / 60)}\u00a0h ${minutes % 60}\u00a0min`;
}

/** "a", "a and b", "a, b and c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
