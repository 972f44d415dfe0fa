/**
 * What an address of the page means.
 *
 * @module
 */

/** The views of a run, in the order of their tabs. */
export const viewNames = ["training", "map", "pace", "windows", "find", "data", "settings"] as const;

/** Pages besides the list of runs and a run's own. */
const pages = ["compare", "start", "results"] as const;

/** One of the views of a run. */
export type ViewName = (typeof viewNames)[number];

/** Where the page is. */
export interface Route {
  page: "runs" | "compare" | "start" | "results" | "run";
  /** The run's name; empty on other pages. */
  run: string;
  view: ViewName;
  /** What follows the view, as a window's id; of the results, a report's name. */
  rest: string;
  query: URLSearchParams;
}

/** Reads the part of an address after `#`; what it does not know is the list of runs. */
export function parseHash(hash: string): Route {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [root, name = "", view, rest = ""] = path.split("/");
  const run = root === "run" ? decoded(name) : "";
  return {
    page: run !== "" ? "run" : pages.find((known) => known === root) ?? "runs",
    run,
    view: viewNames.find((known) => known === view) ?? "training",
    rest: decoded(root === "results" ? name : rest),
    query: new URLSearchParams(query),
  };
}

/** The address with some filters changed; an empty value or list removes one. */
export function withQuery(hash: string, changes: Record<string, string | string[]>): string {
  const [path, before = ""] = hash.split("?");
  const query = new URLSearchParams(before);
  for (const [key, value] of Object.entries(changes)) {
    query.delete(key);
    for (const one of [value].flat()) if (one !== "") query.append(key, one);
  }
  const filters = query.toString();
  return `${path === "" ? "#/" : path}${filters && `?${filters}`}`;
}

/** Text that was percent-encoded; as it stands when it was not. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
