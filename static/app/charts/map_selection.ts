/**
 * Windows that were chosen on the map: found by words, put in order, and saved.
 *
 * @module
 */

import type { EmbeddingMapWire } from "../../../routes/wire/maps.ts";

/** Whether each window's scan, label or id has all of the words that are looked for. */
export function matchesOf(map: EmbeddingMapWire, search: string): (window: number) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const scans = map.scans.map((name) => name.toLowerCase());
  const labels = map.labels.map((name) => name.toLowerCase());
  return (window) => {
    const [scan, label] = [scans[map.scan[window]], labels[map.label[window] ?? -1] ?? ""];
    return words.every((word) =>
      scan.includes(word) || label.includes(word) || String(map.windowIds[window]) === word
    );
  };
}

/** In which order chosen windows are listed. */
export const selectionOrders = ["scan", "affinity", "loss"] as const;

/** Windows in the order they are listed in: as they come, the lowest affinity first, or the highest loss. */
export function inOrder(
  windows: readonly number[],
  map: EmbeddingMapWire,
  order: typeof selectionOrders[number],
): number[] {
  if (order === "scan") return [...windows];
  const rank = (i: number) =>
    order === "affinity" ? map.affinity[i] ?? Infinity : -(map.loss[i] ?? -Infinity);
  return [...windows].sort((a, b) => rank(a) - rank(b) || a - b);
}

/** Windows with all that the map knows of them, as CSV. */
export function selectionCsv(
  windows: readonly number[],
  map: EmbeddingMapWire,
  places: Float32Array,
): string {
  const n = map.windowIds.length;
  const lines = windows.map((i) =>
    [
      map.windowIds[i],
      field(map.scans[map.scan[i]]),
      map.startSeconds[i],
      field(map.labels[map.label[i] ?? -1] ?? ""),
      map.voice[i] ?? "",
      map.affinity[i] ?? "",
      map.loss[i] ?? "",
      ...places.subarray(2 * i, 2 * i + 2),
      ...places.subarray(2 * (n + i), 2 * (n + i) + 2),
    ].join(",")
  );
  const head = "window,scan,start_seconds,label,voice,affinity,loss,video_x,video_y,speech_x,speech_y";
  return [head, ...lines].join("\r\n") + "\r\n";
}

/** A text as a field, quoted and without formulas as `csvField()` in `routes/series_csv.ts` has it. */
function field(text: string): string {
  const harmless = text.replace(/(^|[;\t\r\n])(?=[=+\-@＝＋－＠])/g, "$1'");
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
