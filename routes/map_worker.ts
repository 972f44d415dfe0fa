/**
 * Lays out embeddings in a Web Worker, away from what answers requests.
 *
 * @module
 */

import {
  alignedPlane,
  decodeEmbeddings,
  pairScores,
  type PlaneMethod,
  type PlaneSample,
  type SentError,
  sentError,
} from "../mod.ts";

/** What the worker is asked. */
export type MapQuestion =
  | {
    kind: "places";
    method: PlaneMethod;
    /** Files with embeddings, one evaluation after the other; the last is the one that is asked for. */
    files: string[];
    /** The layout before the first of them; null at the beginning. */
    previous: PlaneSample | null;
  }
  | { kind: "windows"; file: string; temperature: number };

/** All windows of an evaluation in the plane. */
export interface PlacesAnswer {
  kind: "places";
  /** `[2N, 2]`: the videos' places, then the speeches'. */
  places: Float32Array;
  varianceShare: number | null;
  /** Windows that the layout was made from. */
  laidOut: number;
}

/** What is known of the windows of an evaluation; all lists go together. */
export interface WindowsAnswer {
  kind: "windows";
  windowIds: number[];
  scanIds: string[];
  startSeconds: number[];
  affinity: number[];
  loss: number[];
  contrasted: number;
}

/** What the worker says. */
export type MapReply =
  | { kind: "progress"; share: number }
  /** A layout that the next evaluation can be aligned to. */
  | { kind: "sample"; file: string; sample: PlaneSample }
  | PlacesAnswer
  | WindowsAnswer
  | { kind: "failed"; error: SentError };

/** The worker's global scope, as far as it is used here. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<MapQuestion>) => void): void;
  postMessage(message: MapReply): void;
}

/** The same embeddings give the same picture in any run. */
const seed = 1;
const scope = globalThis as unknown as WorkerScope;

scope.addEventListener("message", async ({ data }) => {
  try {
    scope.postMessage(data.kind === "places" ? await placesOf(data) : await windowsOf(data));
  } catch (error) {
    scope.postMessage({ kind: "failed", error: sentError(error) });
  }
});

async function placesOf(
  { method, files, previous }: Extract<MapQuestion, { kind: "places" }>,
): Promise<PlacesAnswer> {
  let last = previous;
  for (const [done, file] of files.entries()) {
    const isAsked = done === files.length - 1;
    const plane = alignedPlane(decodeEmbeddings(await Deno.readFile(file)), {
      method,
      previous: last,
      seed,
      placeAll: isAsked,
      onProgress: (share) => scope.postMessage({ kind: "progress", share: (done + share) / files.length }),
    });
    last = plane.sample;
    scope.postMessage({ kind: "sample", file, sample: plane.sample });
    if (isAsked) {
      const { places, varianceShare, sample } = plane;
      return { kind: "places", places, varianceShare, laidOut: sample.windowIds.length };
    }
  }
  throw new Error("There is no file to lay out.");
}

async function windowsOf(
  { file, temperature }: Extract<MapQuestion, { kind: "windows" }>,
): Promise<WindowsAnswer> {
  const embeddings = decodeEmbeddings(await Deno.readFile(file));
  const { affinity, loss, contrasted } = pairScores(embeddings, temperature);
  const { windowIds, scanIds, startSeconds } = embeddings;
  return {
    kind: "windows",
    windowIds,
    scanIds,
    startSeconds: [...startSeconds],
    affinity: [...affinity],
    loss: [...loss],
    contrasted,
  };
}
