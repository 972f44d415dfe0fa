/**
 * A training in a process of its own, with its dashboard beside it, as one measures it from outside; on Linux.
 *
 * @module
 */

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { programScript } from "./scripts.ts";

/** How far a training is and what it has taken, at one moment. */
export interface TrainingSample {
  seconds: number;
  step: number;
  /** Processor time of the process so far, milliseconds. */
  processMs: number;
  /** Processor time of the dashboard's thread so far, milliseconds. */
  dashboardMs: number;
}

/** A training that goes on until it is closed. */
export class WatchedTraining {
  /** The dashboard, as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #next = Promise.withResolvers<number>();

  /**
   * @param args What follows `train` on the command line, but for the port.
   * @param options.cores What it may run on, as a list for `taskset`.
   */
  constructor(args: readonly string[], { cores, signal }: { cores: string; signal: AbortSignal }) {
    const port = freePort();
    this.url = `http://127.0.0.1:${port}`;
    const words = ["run", "--no-prompt", "--allow-all", programScript, "train", ...args];
    // taskset becomes the program, so that the process is the trainer's own.
    this.#process = new Deno.Command("taskset", {
      args: ["--cpu-list", cores, Deno.execPath(), ...words, "--json", "--port", String(port)],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      signal,
    }).spawn();
    this.#reading = this.#read();
  }

  /** What it is at its next step. @throws Error when it has ended. */
  async sample(): Promise<TrainingSample> {
    const step = await this.#next.promise;
    return { seconds: performance.now() / 1000, step, ...timesOf(this.#process.pid) };
  }

  /** Lets it stop by itself. */
  async close(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (
      const line of createInterface({
        input: Readable.from(this.#process.stdout.pipeThrough(new TextDecoderStream())),
      })
    ) {
      const event = JSON.parse(line) as { kind: string; step: number };
      if (event.kind !== "step") continue;
      this.#next.resolve(event.step);
      this.#next = Promise.withResolvers();
    }
    this.#next.promise.catch(() => {});
    this.#next.reject(new Error("The training must go on, but its process ended"));
  }
}

/** Any port that nobody listens at. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Linux's account of a process, in hundredths of a second, and of its thread with the dashboard, in nanoseconds. */
function timesOf(pid: number): Pick<TrainingSample, "processMs" | "dashboardMs"> {
  // The name in brackets may hold blanks; fields 14 and 15 are the times in the program and in the system.
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /, "").split(" ");
  return {
    processMs: (Number(fields[11]) + Number(fields[12])) * 10,
    dashboardMs: Number(Deno.readTextFileSync(`${dashboardThread(pid)}/schedstat`).split(" ")[0]) / 1e6,
  };
}

/** The first worker that the command starts is the dashboard's. */
function dashboardThread(pid: number): string {
  const tasks = `/proc/${pid}/task`;
  for (const { name } of Deno.readDirSync(tasks)) {
    if (Deno.readTextFileSync(`${tasks}/${name}/comm`).trim() === "worker-1") return `${tasks}/${name}`;
  }
  throw new Error("The process must have a thread for its dashboard");
}
