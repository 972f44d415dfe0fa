/**
 * A Web Worker that reads batches, so that a step finds its batch ready.
 *
 * @module
 */

import { sentError, SonospeechError } from "../errors.ts";
import type { ReaderReply, ReaderRequest } from "./batch_queue.ts";
import { BatchReader } from "./batches.ts";
import { DatasetReader } from "./dataset_store.ts";

/** The worker's global scope, as far as it is used here. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: MessageEvent<ReaderRequest>) => void): void;
  postMessage(message: ReaderReply, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
let reader: BatchReader | undefined;

function open({ path, datasetId, config, needs, format }: ReaderRequest & { kind: "open" }): BatchReader {
  const dataset = DatasetReader.open(path);
  if (dataset.id === datasetId) return new BatchReader(dataset, config, needs, format);
  throw new SonospeechError("store", {
    action: "read batches",
    must: `the dataset must be the one that training opened, ${datasetId}`,
    received: dataset.id,
    hint: "do not prepare into a dataset while it is trained on",
  });
}

scope.addEventListener("message", ({ data: request }) => {
  try {
    if (request.kind === "open") {
      reader = open(request);
      return scope.postMessage({ kind: "ready" });
    }
    const arrays = reader!.readArrays(request.plan);
    const buffers = Object.values(arrays).flatMap((array) => array ? [array.buffer as ArrayBuffer] : []);
    scope.postMessage({ kind: "read", arrays }, buffers);
  } catch (error) {
    scope.postMessage({ kind: "failed", error: sentError(error) });
  }
});
