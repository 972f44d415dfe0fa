/**
 * Reading the embeddings that an evaluation wrote.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { decodeSafetensors } from "../records/safetensors.ts";

/** Embeddings of windows with their places in the data, as `embeddings.safetensors` holds them. */
export interface SavedEmbeddings {
  /** Ids of the windows. */
  windowIds: number[];
  /** The scan of each. */
  scanIds: string[];
  /** Where each begins on its scan's axis. */
  startSeconds: Float64Array;
  /** D. */
  dimension: number;
  /** `[N, D]`, unit length. */
  video: Float32Array;
  /** `[N, D]`, unit length. */
  speech: Float32Array;
}

/** Reads the bytes of an `embeddings.safetensors`. @throws SonospeechError `store` when they are not one. */
export function decodeEmbeddings(bytes: Uint8Array): SavedEmbeddings {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const read = (name: string) => tensors.get(name)?.data;
  const [video, speech, ids, starts] = ["video", "speech", "window_ids", "start_seconds"].map(read);
  const scanIds: unknown = JSON.parse(metadata.scan_ids ?? "[]");
  const isWhole = video instanceof Float32Array && speech instanceof Float32Array &&
    ids instanceof BigInt64Array && starts instanceof Float64Array && Array.isArray(scanIds) &&
    ids.length > 0 && scanIds.length === ids.length && video.length === speech.length;
  if (!isWhole) {
    throw new SonospeechError("store", {
      action: "read embeddings",
      must: "the file must hold video, speech, window_ids and start_seconds of at least one window",
      received: [...tensors.keys()].join(", "),
      hint: "evaluate again",
    });
  }
  return {
    windowIds: Array.from(ids, Number),
    scanIds: scanIds.map(String),
    startSeconds: starts,
    dimension: video.length / ids.length,
    video,
    speech,
  };
}
