/**
 * How far the benchmark is, and how long the rest will take.
 *
 * @module
 */

import { ProgressPrinter } from "../../lib/progress.ts";

/** A part with about how long it takes. */
export interface PacedPart {
  name: string;
  seconds: number;
}

/**
 * Estimates by the parts' known shares of the whole: the time that is left is what they were to take, by how much
 * slower or faster this machine was so far.
 */
export class Pacer {
  /** Seconds of all parts on the machine they were measured on. */
  readonly totalSeconds: number;
  readonly #parts: readonly PacedPart[];
  readonly #printer: Pick<ProgressPrinter, "note" | "clear" | "show">;
  readonly #now: () => number;
  readonly #start: number;

  constructor(
    parts: readonly PacedPart[],
    { printer, now }: { printer?: Pick<ProgressPrinter, "note" | "clear" | "show">; now?: () => number } = {},
  ) {
    this.#parts = parts;
    this.#printer = printer ?? new ProgressPrinter();
    this.#now = now ?? (() => performance.now() / 1000);
    this.#start = this.#now();
    this.totalSeconds = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** Seconds left when `share` of a part and all parts before it are done; undefined before anything is. */
  secondsLeft(part: string, share: number): number | undefined {
    const done = this.#doneSeconds(part, share);
    if (done <= 0) return undefined;
    return ((this.#now() - this.#start) * (this.totalSeconds - done)) / done;
  }

  #doneSeconds(part: string, share: number): number {
    const at = this.#parts.findIndex(({ name }) => name === part);
    const before = this.#parts.slice(0, at).reduce((sum, { seconds }) => sum + seconds, 0);
    return before + share * this.#parts[at].seconds;
  }

  /** Shows where the benchmark is. */
  show(part: string, share: number, what = ""): void {
    const done = (100 * this.#doneSeconds(part, share)) / this.totalSeconds;
    this.#printer.show({
      task: `bench ${part}`,
      done: Math.floor(done),
      total: 100,
      unit: "%",
      rate: done / Math.max(1e-3, this.#now() - this.#start),
      etaSeconds: this.secondsLeft(part, share),
    }, what);
  }

  /** A part is done. */
  finish(part: string): void {
    this.show(part, 1);
    this.#printer.clear();
  }

  /** Prints a line that stays. */
  note(line: string): void {
    this.#printer.note(line);
  }

  /** Removes the line from a terminal. */
  clear(): void {
    this.#printer.clear();
  }
}
