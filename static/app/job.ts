/**
 * What the server is doing with runs, asked for while somebody who may control them looks on.
 *
 * @module
 */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Confirmed, JobWire } from "../../routes/wire/control.ts";
import { api, type Call, getJson, send, session } from "./client.ts";

/** What is being done, or was done last; null before the first, or when it is not known. */
export const job = signal<JobWire | null>(null);

/** Whether the server has said what it is doing, or whoever looks on may not know. */
export const isJobKnown = signal(false);

const askMilliseconds = 2000;
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Keeps {@linkcode job} up to date while a component is shown. */
export function useJob(): void {
  const mayControl = session.value?.mayControl ?? false;
  useEffect(() => {
    if (!mayControl) return void (isJobKnown.value = true);
    if (++watchers === 1) timer = setInterval(() => document.hidden || askForJob(), askMilliseconds);
    askForJob();
    return () => {
      if (--watchers === 0) clearInterval(timer);
    };
  }, [mayControl]);
}

async function askForJob(): Promise<void> {
  try {
    job.value = await getJson(api.control.job, {});
  } catch {
    // What was known last stays until the server answers again.
  }
  isJobKnown.value = true;
}

/** The job of a run that has not ended. */
export function jobOf(run: string): JobWire | null {
  return job.value?.run === run && job.value.state !== "ended" ? job.value : null;
}

/** The job that makes a run, or failed to make it, while there is no run to ask for. */
export function makerOf(run: string): JobWire | null {
  const made = job.value;
  return made?.kind === "train" && made.run === run && !made.hasRun ? made : null;
}

/** Asks the server to do something with a run; the run's name confirms it. @throws Error in the server's words. */
export async function control<Request extends Confirmed>(
  call: Call<{ json: Request }, JobWire, "json">,
  request: NoInfer<Request>,
): Promise<void> {
  job.value = await send(call, { json: request });
}
