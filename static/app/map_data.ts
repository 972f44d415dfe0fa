/**
 * What the embedding map shows: an evaluation's windows with their places, and how far a layout is that takes a while.
 *
 * @module
 */

import { useEffect, useState } from "preact/hooks";
import type { EmbeddingMapWire, MapMethod } from "../../routes/wire/maps.ts";
import type { EvaluationWire } from "../../routes/wire/runs.ts";
import { api, getJson, getLines } from "./client.ts";

/** Windows and places that belong together. */
export interface ShownMap {
  evaluation: EvaluationWire;
  method: MapMethod;
  windows: EmbeddingMapWire;
  /** `[2N, 2]`: videos, then speeches. */
  places: Float32Array;
  varianceShare: number | null;
  laidOut: number;
}

/** How far a layout is. */
export interface MapWork {
  share: number;
  secondsLeft: number | null;
}

/** What there is to show, and what is under way. */
export interface MapData {
  shown: ShownMap | null;
  work: MapWork | null;
  problem: string | null;
}

const mapAddress = api.runs[":run"].evaluations[":evaluation"].map;

/** Layouts that are kept, so that the slider moves at once where it has been. */
const mostLayouts = 24;
const layouts = new Map<string, ShownMap>();

/**
 * The map of an evaluation. What was shown stays until the next is here; UMAP takes a while, and until its first
 * layout is here, principal components are shown.
 */
export function useMapData(run: string, evaluation: EvaluationWire | undefined, method: MapMethod): MapData {
  const [data, setData] = useState<MapData>({ shown: null, work: null, problem: null });
  const key = evaluation && `${run}/${evaluation.folder}/${evaluation.timeSeconds}`;
  useEffect(() => {
    if (!evaluation) return;
    const ending = new AbortController();
    const { signal } = ending;
    const onWork = (work: MapWork) => signal.aborted || setData((last) => ({ ...last, work }));
    const load = async (method: MapMethod) => {
      const shown = await loadMap(run, evaluation, { method, signal, onWork });
      if (!signal.aborted) setData({ shown, work: null, problem: null });
    };
    const loadAll = async () => {
      setData((last) => ({ ...last, work: null, problem: null }));
      if (
        method === "umap" && data.shown?.method !== "umap" && !layouts.has(keyOf(run, evaluation, "umap"))
      ) {
        await load("pca");
      }
      await load(method);
    };
    loadAll().catch((error: Error) => {
      if (!signal.aborted) setData((last) => ({ ...last, work: null, problem: error.message }));
    });
    return () => ending.abort();
  }, [key, method]);
  return data;
}

function keyOf(run: string, { folder, timeSeconds }: EvaluationWire, method: MapMethod): string {
  return JSON.stringify([run, folder, timeSeconds, method]);
}

async function loadMap(
  run: string,
  evaluation: EvaluationWire,
  { method, signal, onWork }: {
    method: MapMethod;
    signal: AbortSignal;
    onWork: (work: MapWork) => void;
  },
): Promise<ShownMap> {
  const key = keyOf(run, evaluation, method);
  const known = layouts.get(key);
  if (known) return known;
  const param = { run, evaluation: evaluation.folder };
  const [windows, layout] = await Promise.all([
    getJson(mapAddress, { param }, signal),
    loadPlaces({ param, query: { method } }, signal, onWork),
  ]);
  const { varianceShare, laidOut } = layout;
  const shown = { evaluation, method, windows, places: floatsOf(layout.places), varianceShare, laidOut };
  layouts.set(key, shown);
  const oldest = layouts.keys().next();
  if (layouts.size > mostLayouts && !oldest.done) layouts.delete(oldest.value);
  return shown;
}

async function loadPlaces(
  asked: { param: { run: string; evaluation: string }; query: { method: MapMethod } },
  signal: AbortSignal,
  onWork: (work: MapWork) => void,
) {
  for await (const line of getLines(mapAddress.places, asked, signal)) {
    if (line.kind === "places") return line;
    if (line.kind === "failed") throw new Error(line.problem);
    onWork({ share: line.share, secondsLeft: line.secondsLeft });
  }
  throw new Error("The server ended before the map was laid out.");
}

function floatsOf(base64: string): Float32Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new Float32Array(bytes.buffer);
}
