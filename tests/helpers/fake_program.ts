/** Processes of the program that are none: tests say what they write and how they end. */

import type { Launch, ProgramProcess } from "../../routes/jobs.ts";

export interface FakeProcess extends ProgramProcess {
  words: readonly string[];
  /** Signals that it was sent. */
  signals: string[];
  say(text: string): void;
  end(code: number, signal?: string | null): void;
}

export interface FakeProgram {
  launch: Launch;
  /** In the order of their start. */
  processes: FakeProcess[];
}

/** @param isObedient Whether a process that is asked to end does so, with exit code 143. */
export function fakeProgram(isObedient = true): FakeProgram {
  const processes: FakeProcess[] = [];
  const launch: Launch = (words) => {
    const process = fakeProcess(words, isObedient);
    processes.push(process);
    return Promise.resolve(process);
  };
  return { launch, processes };
}

function fakeProcess(words: readonly string[], isObedient: boolean): FakeProcess {
  const { promise, resolve } = Promise.withResolvers<{ code: number; signal: string | null }>();
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const stderr = new ReadableStream<Uint8Array<ArrayBuffer>>({ start: (one) => void (controller = one) });
  const signals: string[] = [];
  const end = (code: number, signal: string | null = null) => {
    controller.close();
    resolve({ code, signal });
  };
  return {
    words,
    signals,
    stderr,
    status: promise,
    say: (text) => controller.enqueue(new TextEncoder().encode(text)),
    end,
    kill: (signal) => {
      signals.push(signal);
      if (signal === "SIGKILL") end(137, "SIGKILL");
      else if (isObedient) end(143);
    },
  };
}
