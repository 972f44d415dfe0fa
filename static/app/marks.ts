/**
 * The marks of a run's windows: what people who listened say their speech is about.
 *
 * @module
 */

import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import type { SpeechMark } from "../../routes/wire/pace.ts";
import { api, getJson, send } from "./client.ts";

/** Marks of the run that is shown, by window. */
export const marks = signal<ReadonlyMap<number, SpeechMark>>(new Map());
/** Why marks cannot be read or kept. */
export const markProblem = signal<string | null>(null);

/** Loads the marks of a run. */
export function useMarks(run: string): void {
  useEffect(() => {
    const ending = new AbortController();
    marks.value = new Map();
    markProblem.value = null;
    getJson(api.runs[":run"].marks, { param: { run } }, ending.signal).then(
      (list) => marks.value = new Map(list.map(({ windowId, mark }) => [windowId, mark])),
      (error: Error) => ending.signal.aborted || (markProblem.value = error.message),
    );
    return () => ending.abort();
  }, [run]);
}

/** Marks a window, or takes its mark back. */
export async function markWindow(run: string, id: number, mark: SpeechMark | null): Promise<void> {
  try {
    await send(api.runs[":run"].marks[":window"].$put, { param: { run, window: id }, json: { mark } });
    const next = new Map(marks.value);
    if (mark) next.set(id, mark);
    else next.delete(id);
    marks.value = next;
    markProblem.value = null;
  } catch (error) {
    markProblem.value = error instanceof Error ? error.message : String(error);
  }
}
