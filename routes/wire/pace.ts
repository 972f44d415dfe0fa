/**
 * Over the wire, what the pace and people make of windows: let in or held back, marked as related or not.
 *
 * @module
 */

import type { WindowWire } from "./datasets.ts";

/** What somebody who listened says of a window: its speech is about the picture, or is not. */
export type SpeechMark = "related" | "unrelated";

/** `GET /api/runs/:run/marks` answers a list of these: the marks of the run's dataset, by window. */
export interface MarkWire {
  windowId: number;
  mark: SpeechMark;
  scanId: string;
  startSeconds: number;
  /** ISO 8601. */
  markedAt: string;
}

/** Body of `PUT /api/runs/:run/marks/:window`; null takes the mark back. */
export interface MarkChange {
  mark: SpeechMark | null;
}

/** `GET /api/runs/:run/pace` answers a list of these, by epoch; of very many epochs, some spread evenly. */
export interface PaceEpochWire {
  epoch: number;
  /** Steps done before it. */
  step: number;
  /** Training windows. */
  windows: number;
  /** Those with a weight above 0. */
  admitted: number;
  /** Windows whose affinity is known. */
  known: number;
  /** The 5th, 25th, 50th, 75th and 95th percentile of the known affinities; null without any. */
  quantiles: number[] | null;
  /** Known affinities of admitted windows, and of those held back, in even bins from −1 to 1. */
  admittedHistogram: number[];
  heldBackHistogram: number[];
  /** The least and the greatest affinity that windows needed to be let in; null while any was enough. */
  threshold: [number, number] | null;
}

/** `GET /api/runs/:run/pace/:epoch/scans` answers a list of these: who was let in of each scan. */
export interface PaceScanWire {
  scanId: string;
  /** As in {@linkcode ScanWire}. */
  subject: number;
  windows: number;
  admitted: number;
  /** Of the windows whose affinity is known; null without any. */
  meanAffinity: number | null;
}

/** A window and why it counts as much as it does. */
export interface PacedWindowWire {
  window: WindowWire;
  /** Agreement of picture and speech, −1 to 1; null where none was seen yet. */
  affinity: number | null;
  /** The least with which it would be let in; −1 where any is enough. */
  leastAffinity: number;
  weight: number;
}

/** `GET /api/runs/:run/pace/:epoch/windows?admitted=0&scan=…&order=low&offset=…&limit=…` */
export interface PaceWindowsPage {
  total: number;
  offset: number;
  windows: PacedWindowWire[];
}
