/**
 * Sonospeech's public API.
 *
 * @module
 */

export { type ErrorCode, type Failure, SonospeechError } from "./lib/errors.ts";
export {
  DatasetReader,
  type DatasetSummary,
  type QuarantineRecord,
  type ScanRecord,
  type WindowRecord,
} from "./lib/data/dataset_store.ts";
export {
  MetricStore,
  type MetricStoreOptions,
  type RecordableEvent,
  type Series,
  type StoredEvent,
} from "./lib/records/metric_store.ts";
