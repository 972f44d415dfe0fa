/**
 * What lies where on a scan's time axis: pure functions of what the server says.
 *
 * @module
 */

import type { ScanDetailWire, SpanWire, VoicedWire } from "../../routes/wire/datasets.ts";
import type { PacedWindowWire } from "../../routes/wire/pace.ts";

/** Boxes on the time axis as one SVG path: x in seconds, y from 0 to 1. */
export function spansPath(spans: readonly SpanWire[]): string {
  return spans.map(([from, to]) => `M${short(from)} 0H${short(to)}V1H${short(from)}Z`).join("");
}

/** Columns that stand on the axis, as high as their values from 0 to 1. */
export function columnsPath(
  columns: readonly (readonly [from: number, to: number, value: number])[],
): string {
  return columns.map(([from, to, value]) =>
    `M${short(from)} 1V${short(1 - Math.min(1, Math.max(0, value)))}H${short(to)}V1Z`
  ).join("");
}

/** A window that is barely let in or held back must still be seen. */
const leastHeight = 0.06;

/** What the pace made of a scan's windows, as columns. */
export interface PaceColumns {
  letIn: [from: number, to: number, value: number][];
  heldBack: [from: number, to: number, value: number][];
  /** Whether heights are affinities; where none was measured, all columns are full. */
  isAffinityKnown: boolean;
}

/** Columns of the windows that were let in and of those that were held back, as high as their affinity. */
export function paceColumns(
  paced: ReadonlyMap<number, PacedWindowWire>,
  windowSeconds: number,
): PaceColumns {
  const all = [...paced.values()];
  const isAffinityKnown = all.some(({ affinity }) => affinity !== null);
  const least = isAffinityKnown ? leastHeight : 1;
  const columnsOf = (isLetIn: boolean) =>
    all.filter(({ weight }) => weight > 0 === isLetIn).map((
      { window: { startSeconds }, affinity },
    ): [number, number, number] => [
      startSeconds,
      startSeconds + windowSeconds,
      Math.max(least, affinity ?? least),
    ]);
  return { letIn: columnsOf(true), heldBack: columnsOf(false), isAffinityKnown };
}

const short = (value: number) => Number(value.toFixed(3));

/** The frame that is shown at a time. */
export function frameAt(
  seconds: number,
  { frameSeconds, frameCount }: Pick<ScanDetailWire, "frameSeconds" | "frameCount">,
): number {
  return Math.max(0, Math.min(frameCount - 1, Math.floor(seconds / frameSeconds + 1e-6)));
}

/** All that is known of an instant. */
export interface Instant {
  /** Place of the window in the scan, and its id. */
  window: { index: number; id: number } | null;
  /** Whether each detector hears voice; null while that is not known. */
  webrtc: boolean | null;
  energy: boolean | null;
  label: string | null;
  fixation: { x: number; y: number } | null;
  /** Of the window, at the epoch that is shown. */
  paced: PacedWindowWire | null;
}

/** What is known of the instant at which a frame is shown. */
export function instantOf(
  seconds: number,
  scan: ScanDetailWire,
  voiced: VoicedWire | null,
  paced: ReadonlyMap<number, PacedWindowWire>,
): Instant {
  const window = scan.windowList.find(({ startSeconds }) =>
    seconds >= startSeconds - 1e-6 && seconds < startSeconds + scan.windowSeconds - 1e-6
  );
  const within = (spans: readonly SpanWire[] | undefined) =>
    spans?.some(([from, to]) => seconds >= from && seconds < to) ?? null;
  const fixation = scan.fixations?.find(({ startSeconds, durationSeconds }) =>
    seconds >= startSeconds && seconds < startSeconds + durationSeconds
  );
  return {
    window: window ? { index: window.index, id: window.id } : null,
    webrtc: within(voiced?.webrtc),
    energy: within(voiced?.energy),
    label: scan.labels.find(({ startSeconds, endSeconds }) => seconds >= startSeconds && seconds < endSeconds)
      ?.label ?? null,
    fixation: fixation ? { x: fixation.x, y: fixation.y } : null,
    paced: (window && paced.get(window.id)) ?? null,
  };
}

/**
 * Colours for labels, in the order in which they first come: the number of a chart colour. The first two are the pace's
 * and come last.
 */
export function labelColours(labels: readonly { label: string }[]): Map<string, number> {
  const names = [...new Set(labels.map(({ label }) => label))];
  return new Map(names.map((name, i) => [name, ((i + 2) % 6) + 1]));
}
