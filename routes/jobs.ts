/**
 * What the server does with the program itself, as processes of their own: one at a time, so that two do not fight
 * over one device. Whatever becomes of a process, the server lives on.
 *
 * @module
 */

import { Refusal, withoutPaths } from "./guard.ts";
import type { JobWire } from "./wire/control.ts";

/** A process of the program. */
export interface ProgramProcess {
  /** Progress and errors, for people. */
  readonly stderr: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly status: Promise<{ code: number; signal: string | null }>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/** Starts the program with the words of a command line; it has the permissions of that command and no more. */
export type Launch = (words: readonly string[]) => Promise<ProgramProcess>;

/** A job as its process shows it. */
export type JobFacts = Omit<JobWire, "hasRun">;

/** A job to start. */
export interface JobOrder {
  kind: JobWire["kind"];
  run: string;
  words: readonly string[];
}

/** How long a process may take to write its checkpoint and end, seconds. */
const stopSeconds = 120;

/** Lines that are kept of what a process says. */
const mostLines = 40;

interface Job {
  wire: JobFacts;
  process: ProgramProcess;
  ended: Promise<void>;
}

/** Starts and stops processes of the program. */
export class Jobs {
  readonly #launch: Launch;
  readonly #stopSeconds: number;
  readonly #onEnd: (job: JobFacts) => Promise<void>;
  #isStarting = false;
  #isClosing = false;
  #count = 0;
  #job: Job | null = null;

  /** @param options `onEnd` hears of every job that ended; `stopSeconds` is for tests. */
  constructor(launch: Launch, options: { onEnd: (job: JobFacts) => Promise<void>; stopSeconds?: number }) {
    this.#launch = launch;
    this.#onEnd = options.onEnd;
    this.#stopSeconds = options.stopSeconds ?? stopSeconds;
  }

  /** What is being done, or was done last. */
  get current(): JobFacts | null {
    return this.#job && { ...this.#job.wire };
  }

  /** @throws Refusal 409 while something is being done. */
  refuseWhenBusy(): void {
    if (this.#isClosing) throw new Refusal(409, "The server is ending.");
    const busy = this.#job?.wire.state !== "ended" ? this.#job?.wire.run : undefined;
    if (busy === undefined && !this.#isStarting) return;
    throw new Refusal(
      409,
      `One run at a time: ${busy ?? "another"} is at work; wait for it or stop it first.`,
    );
  }

  /** Starts a job. @throws Refusal 409 while another one is at work. */
  async start({ kind, run, words }: JobOrder): Promise<JobFacts> {
    this.refuseWhenBusy();
    this.#isStarting = true;
    try {
      const process = await this.#launch(words);
      const wire: JobFacts = {
        id: ++this.#count,
        kind,
        run,
        state: "running",
        startedAt: new Date().toISOString(),
        endedAt: null,
        exitCode: null,
        succeeded: false,
        message: "",
        lines: [],
      };
      this.#job = { wire, process, ended: this.#follow(wire, process) };
      return { ...wire };
    } finally {
      this.#isStarting = false;
    }
  }

  /**
   * Asks the job to write its checkpoint and end; after two minutes it is killed.
   *
   * @throws Refusal 409 when this run has no job.
   */
  stop(run: string): JobFacts {
    const job = this.#job;
    if (!job || job.wire.state === "ended" || job.wire.run !== run) {
      throw new Refusal(409, "This server is not at work on this run; stop it where it was started.");
    }
    this.#end(job);
    return { ...job.wire };
  }

  /** Ends the job as {@linkcode Jobs.stop} does, waits for it, and starts no other. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const job = this.#job;
    if (!job || job.wire.state === "ended") return;
    this.#end(job);
    await job.ended;
  }

  /** Asked again, the program would end at once, without its checkpoint: it is asked once. */
  #end({ wire, process, ended }: Job): void {
    if (wire.state !== "running") return;
    wire.state = "stopping";
    signalTo(process, "SIGTERM");
    const timer = setTimeout(() => signalTo(process, "SIGKILL"), this.#stopSeconds * 1000);
    ended.finally(() => clearTimeout(timer));
  }

  async #follow(wire: JobFacts, process: ProgramProcess): Promise<void> {
    for await (const line of linesOf(process.stderr)) {
      wire.message = withoutPaths(line).slice(0, 500);
      // A new list each time, for those that were given out stay as they are.
      wire.lines = [...wire.lines.slice(1 - mostLines), wire.message];
    }
    const { code, signal } = await process.status;
    wire.exitCode = signal === null ? code : null;
    wire.succeeded = code === 0;
    wire.endedAt = new Date().toISOString();
    wire.state = "ended";
    if (signal !== null) wire.message = `Ended by ${signal}`;
    await this.#onEnd({ ...wire });
  }
}

/** A process that has ended by itself needs no signal. */
function signalTo(process: ProgramProcess, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** The lines of a stream that say something; hints name commands of a terminal and are left out. */
async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    // A line without an end must not fill the memory.
    rest = lines.pop()!.slice(-10_000);
    yield* lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("Hint:"));
  }
}
