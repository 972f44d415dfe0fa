/**
 * What several views need from the browser.
 *
 * @module
 */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { getJson } from "./client.ts";

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
}

/** The JSON at an address; the last answer stays until the next one is here. `everySeconds` asks again. */
export function useJson<T>(path: string | null, everySeconds?: number): Fetched<T> {
  const [fetched, setFetched] = useState<Fetched<T>>({ data: null, problem: null });
  useEffect(() => {
    if (path === null) return;
    const ending = new AbortController();
    const ask = () =>
      getJson<T>(path, ending.signal).then(
        (data) => setFetched({ data, problem: null }),
        (error: Error) =>
          ending.signal.aborted || setFetched((last) => ({ ...last, problem: error.message })),
      );
    ask();
    const timer = everySeconds === undefined ? undefined : setInterval(ask, everySeconds * 1000);
    return () => {
      ending.abort();
      clearInterval(timer);
    };
  }, [path, everySeconds]);
  return fetched;
}
