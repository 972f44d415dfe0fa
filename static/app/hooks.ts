/**
 * What several views need from the browser.
 *
 * @module
 */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { addressOf, getJson, type Readable } from "./client.ts";

const darkQuery = matchMedia("(prefers-color-scheme: dark)");

/** Whether the system is dark; charts draw again when it changes. */
export const isDark = signal(darkQuery.matches);
darkQuery.addEventListener("change", () => void (isDark.value = darkQuery.matches));

/** The value of a CSS custom property. */
export function cssColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** An answer that is on its way, here, or refused. */
export interface Fetched<T> {
  data: T | null;
  problem: string | null;
  /** Asks at once. */
  again: () => void;
}

/** The JSON at an address, unless `asked` is null; the last answer stays until the next one is here. `everySeconds` asks again. */
export function useJson<Asked, T>(
  address: Readable<Asked, T>,
  asked: NoInfer<Asked> | null,
  everySeconds?: number,
): Fetched<T> {
  const [state, setState] = useState<Omit<Fetched<T>, "again">>({ data: null, problem: null });
  const [round, setRound] = useState(0);
  const path = asked && addressOf(address, asked);
  useEffect(() => {
    if (asked === null) return;
    const ending = new AbortController();
    const ask = () =>
      getJson(address, asked, ending.signal).then(
        (data) => setState((last) => last.data === data && !last.problem ? last : { data, problem: null }),
        (error: Error) => ending.signal.aborted || setState((last) => ({ ...last, problem: error.message })),
      );
    ask();
    // A page that nobody sees asks nothing.
    const timer = everySeconds === undefined
      ? undefined
      : setInterval(() => document.hidden || ask(), everySeconds * 1000);
    return () => {
      ending.abort();
      clearInterval(timer);
    };
  }, [path, everySeconds, round]);
  return { ...state, again: () => setRound((last) => last + 1) };
}
