/**
 * Where a scan's windows lie.
 *
 * @module
 */

/** A stretch of time on some clock, seconds. */
export interface TimeSpan {
  /** Where it begins. */
  startSeconds: number;
  /** Where it ends; before the beginning when it is empty. */
  endSeconds: number;
}

/** Time stamps are rounded, to milliseconds in Matroska; so little must not cost a window. */
const slackSeconds = 5e-3;

/** The time that two spans share; it may be empty, with its end before its start. */
export function commonSpan(a: TimeSpan, b: TimeSpan): TimeSpan {
  return {
    startSeconds: Math.max(a.startSeconds, b.startSeconds),
    endSeconds: Math.min(a.endSeconds, b.endSeconds),
  };
}

/**
 * How long each scan is as far as whole windows tile it, seconds: its last, incomplete window is nowhere heard or seen,
 * so that nothing tells how much of it there is.
 */
export function scanSeconds(
  windows: Iterable<{ scanId: string; index: number }>,
  windowSeconds: number,
): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const { scanId, index } of windows) {
    seconds.set(scanId, Math.max(seconds.get(scanId) ?? 0, (index + 1) * windowSeconds));
  }
  return seconds;
}

/** The longest window that a duration still holds, in hundredths of a second. */
export function longestWindow(durationSeconds: number): number {
  return Math.floor((durationSeconds + slackSeconds) * 100) / 100;
}

/** How many whole windows tile a duration. */
export function countWindows(durationSeconds: number, windowSeconds: number): number {
  return Math.max(0, Math.floor((durationSeconds + slackSeconds) / windowSeconds));
}
