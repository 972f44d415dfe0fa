/**
 * Numbers and times as people read them.
 *
 * @module
 */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count with separators. */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** Three significant digits, an exponent only where it is shorter; a dash for nothing. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 10_000 || size < 0.001) return value.toExponential(1).replace("e+", "e");
  if (size >= 1000) return whole.format(value);
  return value.toPrecision(3);
}

/** A share in percent. */
export function formatShare(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const percent = value * 100;
  return `${percent >= 10 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** Numbers at even distances on an axis: as many digits as tell them apart, and no more. */
export function formatTicks(values: readonly number[]): string[] {
  const steps = values.slice(1).map((value, i) => Math.abs(value - values[i])).filter((step) => step > 0);
  const size = Math.max(0, ...values.map(Math.abs));
  const exact = Math.min(size, ...steps) / 100;
  const isPlain = size === 0 || (size >= 0.005 && size < 1e5);
  const text = (value: number, digits: number) =>
    isPlain ? value.toFixed(digits) : value.toExponential(digits).replace("e+", "e");
  const isEnough = (digits: number) =>
    values.every((value) => Math.abs(Number(text(value, digits)) - value) <= exact);
  const digits = Array.from({ length: 13 }, (_, i) => i).find(isEnough) ?? 13;
  // What should be 0 may be the rest of a sum.
  return values.map((value) => Math.abs(value) <= exact ? "0" : text(value, digits));
}

/** A lone number on an axis, or one of a logarithmic one: no more digits than it needs. */
export function formatTick(value: number): string {
  const short = Number(value.toPrecision(3));
  if (short !== 0 && (Math.abs(short) < 0.005 || Math.abs(short) >= 1e5)) {
    return short.toExponential().replace("e+", "e");
  }
  return String(short);
}

/** A metric's value by its name: shares in percent. */
export function formatMetric(metric: string, value: number | null | undefined): string {
  return /recall|accuracy|share/i.test(metric) ? formatShare(value) : formatNumber(value);
}

/** Seconds as `42 s`, `3 min` or `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A place in a scan as `1:04`. */
export function formatPlace(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** How long ago something was. */
export function formatAge(secondsSince1970: number, now = Date.now() / 1000): string {
  const seconds = Math.max(0, now - secondsSince1970);
  if (seconds < 10) return "just now";
  if (seconds < 86_400) return `${formatDuration(seconds)} ago`;
  return new Date(secondsSince1970 * 1000).toLocaleDateString();
}
