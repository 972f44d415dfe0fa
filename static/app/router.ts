/**
 * The page's address holds all that a view shows: `#/?filters` for all runs, `#/compare?runs=A&runs=B` for some side by
 * side, `#/start?settings` for a new one, `#/results` and `#/results/REPORT?filters`, `#/run/NAME/VIEW/REST?filters` for one.
 *
 * @module
 */

import { batch, signal } from "@preact/signals";
import { parseHash, type Route, type ViewName, withQuery } from "./route.ts";

/** The current route. */
export const route = signal<Route>(parseHash(location.hash));

/** What this entry of the tab's history keeps besides its address: it stays through reload, back and forward. */
export const kept = signal<unknown>(history.state);

function readAddress(): void {
  batch(() => {
    kept.value = history.state;
    route.value = parseHash(location.hash);
  });
}

addEventListener("hashchange", readAddress);
// Entries may differ in what they keep alone.
addEventListener("popstate", readAddress);

/** The address of a view of a run. */
export function href(
  run: string,
  view: ViewName = "training",
  rest = "",
  query: Record<string, string> = {},
): string {
  const filters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  const path = [encodeURIComponent(run), view, rest].filter((part) => part !== "").join("/");
  return `#/run/${path}${filters && `?${filters}`}`;
}

/** The address of a report. */
export function reportHref(report: string): string {
  return `#/results/${encodeURIComponent(report)}`;
}

/** Goes to an address made by {@linkcode href}. */
export function goTo(address: string): void {
  location.hash = address;
}

/**
 * Changes filters of the current address; an empty value or list removes one.
 *
 * @param step `push` for a choice that "back" should undo; `replace` for what changes all the time, as a zoom.
 * @param keep What the entry of the history keeps; what it kept before by default.
 */
export function setQuery(
  changes: Record<string, string | string[]>,
  step: "push" | "replace" = "push",
  keep: unknown = history.state,
): void {
  const address = withQuery(location.hash, changes);
  const isSame = address === location.hash && keep === history.state;
  if (step === "replace") history.replaceState(keep, "", address);
  else if (!isSame) history.pushState(keep, "", address);
  readAddress();
}
