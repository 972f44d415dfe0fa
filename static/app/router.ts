/**
 * The page's address: `#/` for all runs, `#/run/NAME/VIEW/REST?filters` for one.
 *
 * @module
 */

import { signal } from "@preact/signals";

/** The views of a run, in the order of their tabs. */
export const viewNames = ["training", "map", "windows", "data"] as const;

/** One of the views of a run. */
export type ViewName = (typeof viewNames)[number];

/** Where the page is. */
export interface Route {
  run: string | null;
  view: ViewName;
  /** What follows the view, as a window's id. */
  rest: string;
  query: URLSearchParams;
}

/** The current route. */
export const route = signal(parse(location.hash));

addEventListener("hashchange", () => {
  route.value = parse(location.hash);
});

/** The address of a view. */
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

/** Goes to an address made by {@linkcode href}. */
export function goTo(address: string): void {
  location.hash = address;
}

function parse(hash: string): Route {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [root, run, view, rest = ""] = path.split("/");
  return {
    run: root === "run" && run ? decodeURIComponent(run) : null,
    view: viewNames.find((name) => name === view) ?? "training",
    rest,
    query: new URLSearchParams(query),
  };
}
