/**
 * Which windows are chosen on the map: in the address where they fit into it, else kept by the tab's history.
 *
 * @module
 */

import { useMemo } from "preact/hooks";
import { longestSelectionText, selectionOf, selectionText } from "./charts/selection_text.ts";
import { kept, route, setQuery } from "./router.ts";

/** Windows that are chosen. */
export interface Selection {
  ids: ReadonlySet<number>;
  where: "address" | "tab";
  /** How many the address speaks of that this tab does not know; 0 otherwise. */
  lost: number;
}

/** Stands in the address for windows that the tab keeps: their number. */
const keptMark = /^\*(\d{1,9})$/;

/** The windows that are chosen now. */
export function useSelection(): Selection {
  const text = route.value.query.get("selected") ?? "";
  const [, count] = keptMark.exec(text) ?? [];
  const inTab = count === undefined ? null : keptText(kept.value);
  return useMemo(() => {
    if (count === undefined) return { ids: selectionOf(text), where: "address", lost: 0 };
    const ids = selectionOf(inTab ?? "");
    return { ids, where: "tab", lost: ids.size === 0 ? Number(count) : 0 };
  }, [text, inTab]);
}

/** Chooses windows in place of those before. */
export function selectWindows(ids: Iterable<number>): void {
  const chosen = new Set(ids);
  const text = selectionText(chosen);
  const fits = text.length <= longestSelectionText;
  setQuery(
    { selected: fits ? text : `*${chosen.size}`, offset: "" },
    "push",
    fits ? null : { selected: text },
  );
}

function keptText(state: unknown): string | null {
  const text = (state as { selected?: unknown } | null)?.selected;
  return typeof text === "string" ? text : null;
}
