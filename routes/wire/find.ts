/**
 * Searching over the wire.
 *
 * @module
 */

import type { WindowWire } from "./datasets.ts";

/** A dataset that can be searched. */
export interface FindDatasetWire {
  /** Its name in addresses: a digest that says nothing about it. */
  key: string;
  /** Whether the run was made from it. */
  isOwn: boolean;
  /** Runs that were made from it. */
  runs: string[];
  scans: number;
  windows: number;
  windowSeconds: number;
  framesPerWindow: number;
  /** Height and width, pixels. */
  frameSize: [number, number];
}

/** `GET /api/runs/:run/find`: what can be searched. */
export interface FindWire {
  /** Why nothing can be searched here; null when it can. */
  problem: string | null;
  datasets: FindDatasetWire[];
  /** Whether some run trains now: searches then take one processor core at most. */
  isTraining: boolean;
  /** The most that a sound or a picture may have. */
  mostBytes: number;
  mostSeconds: number;
}

/**
 * `GET`, `POST` (start) and `DELETE` (stop) of `/api/runs/:run/find/embedding?dataset=…&among=…&checkpoint=…`: how far the
 * windows are embedded.
 */
export interface FindIndexWire {
  state: "absent" | "working" | "ready" | "failed";
  done: number;
  total: number | null;
  secondsLeft: number | null;
  /** Steps of the checkpoint, once it is ready. */
  step: number | null;
  /** Why it failed. */
  problem: string | null;
}

/** What is heard or seen. */
export type ModalityWire = "video" | "speech";

/**
 * Body of `POST /api/runs/:run/find?by=text|window&dataset=…&among=…&checkpoint=…&split=…&top=…`; with `by=sound` and
 * `by=picture` the body is the file itself.
 */
export interface FindQuestion {
  /** English words. */
  text?: string;
  windowId?: number;
  modality?: ModalityWire;
}

/** One window that was found. */
export interface FindHitWire {
  rank: number;
  /** Cosine, −1 to 1. */
  similarity: number;
  window: WindowWire;
  label: string | null;
}

/** What was found. */
export interface FindAnswer {
  query: ModalityWire;
  among: ModalityWire;
  hits: FindHitWire[];
  /** Windows that were searched. */
  searched: number;
  /** What an arbitrary window has. */
  medianSimilarity: number;
  mean: number;
  deviation: number;
  /** The least and the greatest similarity of all windows. */
  low: number;
  high: number;
  /** Windows in even bins from the least to the greatest. */
  histogram: number[];
  /** Of a window that was asked with: its own place; null when it is not among those searched. */
  own: { rank: number; similarity: number } | null;
  /** Share of the windows searched that have each label: how often chance finds it. */
  labelShares: Record<string, number>;
}
