/**
 * Progress of a long job: rate, estimate of the time left, and a line to print.
 *
 * @module
 */

/** A snapshot of a job's progress. */
export interface Progress {
  /** What is being done, as "train" or "prepare". */
  task: string;
  /** Units finished. */
  done: number;
  /** Units in all, if known. */
  total?: number;
  /** The unit's name in the plural, as "steps". */
  unit: string;
  /** Units a second over the recent past; 0 until it was measured. */
  rate: number;
  /** Estimated seconds left, if the total is known and the rate was measured. */
  etaSeconds?: number;
}

/** Work is watched for so long before anything is said about its rate. */
const leastMeasuredSeconds = 1;

/**
 * Measures a job's rate with an exponential forgetting of about `windowSeconds`.
 *
 * What comes before the first unit is done (starting programs, compiling, speaking words) comes once: the rate is that
 * of the work after it.
 */
export class ProgressMeter {
  readonly #task: string;
  readonly #unit: string;
  readonly #total?: number;
  readonly #now: () => number;
  readonly #windowSeconds: number;
  #done: number;
  #lastTime: number;
  #hasBegun = false;
  /** Forgetting sums of units and of seconds: their quotient is the rate, however short the first moments were. */
  #recentUnits = 0;
  #recentSeconds = 0;

  /**
   * Starts the clock.
   *
   * @param task Name of the job.
   * @param unit Plural name of what is counted.
   * @param options `total` units if known; `done` units already finished when a job resumes; `now` a clock in
   * seconds, for tests; `windowSeconds` the memory of the rate.
   */
  constructor(
    task: string,
    unit: string,
    options: { total?: number; done?: number; now?: () => number; windowSeconds?: number } = {},
  ) {
    this.#task = task;
    this.#unit = unit;
    this.#total = options.total;
    this.#done = options.done ?? 0;
    this.#now = options.now ?? (() => performance.now() / 1000);
    this.#windowSeconds = options.windowSeconds ?? 20;
    this.#lastTime = this.#now();
  }

  /** Counts units that took no work, as those done by an earlier run: they are finished, but tell no rate. */
  skip(units: number): void {
    this.#done += units;
  }

  /** Reports that `done` units are finished in all, skipped ones included, and returns the snapshot. */
  update(done: number): Progress {
    const now = this.#now();
    const seconds = now - this.#lastTime;
    if (!this.#hasBegun) {
      this.#hasBegun = done > this.#done;
      this.#lastTime = now;
      this.#done = Math.max(done, this.#done);
    } else if (seconds > 0) {
      const keep = Math.exp(-seconds / this.#windowSeconds);
      const weight = this.#windowSeconds * (1 - keep);
      this.#recentUnits = keep * this.#recentUnits + (weight * Math.max(0, done - this.#done)) / seconds;
      this.#recentSeconds = keep * this.#recentSeconds + weight;
      this.#lastTime = now;
      this.#done = done;
    }
    const rate = this.#recentSeconds >= leastMeasuredSeconds ? this.#recentUnits / this.#recentSeconds : 0;
    const left = this.#total === undefined ? undefined : Math.max(0, this.#total - done);
    return {
      task: this.#task,
      done,
      total: this.#total,
      unit: this.#unit,
      rate,
      etaSeconds: left === undefined || rate <= 0 ? undefined : left / rate,
    };
  }
}

/** Seconds as "42s", "3m07s" or "2h05m". */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m${two(s % 60)}s`;
  return `${Math.floor(s / 3600)}h${two(Math.floor((s % 3600) / 60))}m`;
}

/** One line of progress, as `train 120/900 steps (13 %) 4.8 steps/s ETA 2m43s`; `estimating` until that is known. */
export function formatProgress(progress: Progress): string {
  const { task, done, total, unit, rate, etaSeconds } = progress;
  const share = total ? ` (${Math.floor((100 * done) / total)} %)` : "";
  const count = total === undefined ? `${done}` : `${done}/${total}`;
  const line = `${task} ${count} ${unit}${share}`;
  if (rate <= 0) return total === undefined || done >= total ? line : `${line} estimating`;
  const speed = rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2);
  const eta = etaSeconds === undefined ? "" : ` ETA ${formatDuration(etaSeconds)}`;
  return `${line} ${speed} ${unit}/s${eta}`;
}

/**
 * Prints progress: one line rewritten in place on a terminal, otherwise a plain line at most every
 * `plainSeconds`. `note` prints a lasting line without tearing the progress line.
 */
export class ProgressPrinter {
  readonly #write: (text: string) => void;
  readonly #terminal: boolean;
  readonly #plainSeconds: number;
  #lastPlain = -Infinity;
  #width = 0;

  /** Writes to standard error unless told otherwise; `terminal` says whether lines may be written over. */
  constructor(
    options: { write?: (text: string) => void; terminal?: boolean; plainSeconds?: number } = {},
  ) {
    const encoder = new TextEncoder();
    this.#write = options.write ?? ((text) => void Deno.stderr.writeSync(encoder.encode(text)));
    this.#terminal = options.terminal ?? Deno.stderr.isTerminal();
    this.#plainSeconds = options.plainSeconds ?? 10;
  }

  /** Shows the progress, followed by `extra`. */
  show(progress: Progress, extra = ""): void {
    const line = formatProgress(progress) + (extra ? `  ${extra}` : "");
    if (this.#terminal) {
      this.#write(`\r${line.padEnd(this.#width)}`);
      this.#width = line.length;
      return;
    }
    const now = performance.now() / 1000;
    const last = progress.total !== undefined && progress.done >= progress.total;
    if (now - this.#lastPlain < this.#plainSeconds && !last) return;
    this.#lastPlain = now;
    this.#write(`${line}\n`);
  }

  /** Prints a line that stays. */
  note(line: string): void {
    this.clear();
    this.#write(`${line}\n`);
  }

  /** Removes the progress line from a terminal. */
  clear(): void {
    if (this.#terminal && this.#width > 0) this.#write(`\r${" ".repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
