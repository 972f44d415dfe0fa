/**
 * Sonospeech's public API.
 *
 * @module
 */

export { SonospeechError } from "./lib/errors.ts";
export { DatasetReader } from "./lib/data/dataset_store.ts";
export { MetricStore, type StoredEvent } from "./lib/records/metric_store.ts";
