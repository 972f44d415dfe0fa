/**
 * Embedding maps over the wire.
 *
 * @module
 */

/** `GET /api/runs/:run/evaluations/:folder/map`: the windows on the map; all lists go together. */
export interface EmbeddingMapWire {
  step: number;
  /** Names of scans and labels, to which `scan` and `label` point. */
  scans: string[];
  labels: string[];
  windowIds: number[];
  scan: number[];
  /** Null where a window has no label. */
  label: (number | null)[];
  startSeconds: number[];
  /** Share of voice by the run's detector, 0 to 1; null where the dataset cannot be read. */
  voice: (number | null)[];
  /** Cosine of the window's two embeddings, −1 to 1. */
  affinity: (number | null)[];
  /** Contrastive loss among `contrasted` windows, nats. */
  loss: (number | null)[];
  contrasted: number;
  temperature: number;
}

/** How embeddings get into the plane. */
export type MapMethod = "pca" | "umap";

/**
 * A line of `GET /api/runs/:run/evaluations/:folder/map/places?method=…`: how far the work is, at last the places.
 * Who ends the request ends the work.
 */
export type MapPlacesLine =
  | { kind: "working"; share: number; secondsLeft: number | null }
  | {
    kind: "places";
    /** Base64 of float32 `[2N, 2]`, little-endian: x and y of the videos, then of the speeches. */
    places: string;
    /** Share of the variance that the plane holds; null of UMAP. */
    varianceShare: number | null;
    /** Windows that the layout was made from; the others were placed by it. */
    laidOut: number;
  }
  | { kind: "failed"; problem: string };
