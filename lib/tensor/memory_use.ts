/**
 * How much memory a program takes, planned before it runs.
 *
 * @module
 */

/** Memory of a program. */
export interface MemoryUse {
  /** What it is taken for, as `values`, `parameters`, `moments`, `inputs`. */
  parts: readonly { name: string; bytes: number }[];
  /** What comes nearest to a limit of the device; left out where a device has none of its own. */
  tightest?: { label: string; bytes: number; limitBytes: number };
}

/** All parts together, in bytes. */
export function totalBytes({ parts }: MemoryUse): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What suffices, in one line, as `a step takes 58.2 MiB of memory (values 41.0, …), …`. */
export function enoughMemoryLine(use: MemoryUse): string {
  const line = `a step takes ${partsLine(use)} of memory`;
  if (!use.tightest) return line;
  const { bytes, limitBytes } = use.tightest;
  const share = Math.ceil(100 * bytes / limitBytes);
  return `${line}, ${share} % of what the device allows at once: enough`;
}

function partsLine(use: MemoryUse): string {
  const parts = use.parts.map(({ name, bytes }) => `${name} ${mebibytes(bytes)}`).join(", ");
  return `${mebibytes(totalBytes(use))} MiB (${parts})`;
}

/** What may not suffice, in one line, as `58.2 MiB (values 41.0, parameters 6.5, …); nearest to the device's limit: …`. */
export function memoryLine(use: MemoryUse): string {
  const line = partsLine(use);
  if (!use.tightest) return line;
  const { label, bytes, limitBytes } = use.tightest;
  return `${line}; nearest to the device's limit: ${label}, ${mebibytes(bytes)} of ${mebibytes(limitBytes)}`;
}

function mebibytes(bytes: number): string {
  const value = bytes / 2 ** 20;
  return value < 0.05 ? value.toPrecision(1) : value.toFixed(1);
}
