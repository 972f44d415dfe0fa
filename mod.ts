/**
 * Sonospeech's public API: narrated scans in, a dual encoder for pictures and speech out, and what it learned.
 *
 * The parts, in the order in which they are used: narrated synthetic scans ({@linkcode generatePhantom}), preparing
 * ({@linkcode prepareDataset}), reading what was prepared ({@linkcode DatasetReader}), training
 * ({@linkcode train}, {@linkcode recordRun}), evaluation ({@linkcode evaluate} and the measures beside it). Networks
 * are values ({@linkcode graph}, {@linkcode buildDualEncoder}) that an executor runs ({@linkcode createExecutor}).
 *
 * @example Train on a handful of synthetic pairs
 * ```ts
 * import assert from "node:assert/strict";
 * import { buildTrainingGraph, createExecutor, graph, initializeParameters, Random } from "./mod.ts";
 * import { resolveRunConfig, sizeOf } from "./mod.ts";
 *
 * // A small dual encoder that learns by contrast alone, on eight pairs of noise.
 * const config = resolveRunConfig({
 *   file: {
 *     data: { batchSize: 8, samplingGroups: 1 },
 *     model: { frameSize: [16, 16], speechSize: [16, 16], widthMultiplier: 0.25 },
 *     losses: { correlationWeight: 0, orderWeight: 0, hardNegatives: false },
 *   },
 * });
 * const network = buildTrainingGraph(config);
 * const nodes = [network.objective, ...network.stateUpdates.map((update) => update.value)];
 * const random = new Random(1, "pairs");
 * const feeds = new Map(
 *   [...graph.inputsOf(nodes)].map(([name, { shape }]) => {
 *     const isPicture = name === "frames" || name === "speech";
 *     const draw = () => isPicture ? random.normal() : 1; // Every pair counts, and is a negative of the others.
 *     return [name, { shape, data: Float32Array.from({ length: sizeOf(shape) }, draw) }];
 *   }),
 * );
 *
 * const executor = await createExecutor("wasm");
 * const program = await executor.compileTraining(network, initializeParameters(nodes, config.seed));
 * const losses: number[] = [];
 * for (let step = 0; step < 30; step++) {
 *   losses.push((await program.step(feeds, { learningRate: 3e-3, step })).objective);
 * }
 * program.dispose();
 * await executor.dispose();
 * assert(losses[0] > 0.5 * Math.log(8)); // Near the level of chance, ln 8.
 * assert(losses[29] < 0.1 * losses[0]);
 * ```
 *
 * @example From scans to a trained network
 * ```ts
 * import assert from "node:assert/strict";
 * import { CheckpointStore, createExecutor, DatasetReader, generatePhantom, prepareDataset } from "./mod.ts";
 * import { resolvePrepareConfig, resolveRunConfig, train } from "./mod.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const scans = { subjects: 3, secondsPerScan: 8, frameRate: 5, frameSize: [48, 64] } as const;
 * for await (const progress of generatePhantom(`${folder}/scans`, scans)) assert(progress.unit === "frames");
 * for await (const event of prepareDataset([`${folder}/scans`], `${folder}/data`, resolvePrepareConfig())) {
 *   assert(event.kind !== "quarantined");
 * }
 *
 * const dataset = DatasetReader.open(`${folder}/data`);
 * const executor = await createExecutor("wasm");
 * const checkpoints = await CheckpointStore.open(`${folder}/checkpoints`);
 * const config = resolveRunConfig({ file: { data: { batchSize: 2 }, training: { epochs: 1 } } });
 * const seen: string[] = [];
 * for await (const event of train({ config, dataset, executor, checkpoints })) seen.push(event.kind);
 * assert.deepEqual(seen, ["started", "pace", "step", "step", "checkpoint", "finished"]);
 *
 * await executor.dispose();
 * dataset.close();
 * await Deno.remove(folder, { recursive: true });
 * ```
 *
 * @module
 */

// Errors, settings and small tools that everything shares.
export {
  type ErrorCode,
  type Failure,
  receivedError,
  type SentError,
  sentError,
  SonospeechError,
} from "./lib/errors.ts";
export { diskTrouble } from "./lib/disk_trouble.ts";
export {
  type ConfigChanges,
  type PrepareConfig,
  type Preset,
  resolvePrepareConfig,
  resolveRunConfig,
  type RunConfig,
} from "./lib/config.ts";
export * from "./lib/normal.ts";
export * from "./lib/progress.ts";
export * from "./lib/random.ts";
export * as schedule from "./lib/schedule.ts";
export {
  type ConvolutionGeometry,
  type Padding,
  sameShape,
  type Shape,
  sizeOf,
  stridesOf,
} from "./lib/shape.ts";

// Narrated synthetic scans.
export { generatePhantom } from "./lib/phantom/phantom.ts";
export {
  type ScanFactors,
  type ScanTruth,
  truthWithin,
  type WindowTruth,
  windowTruth,
  type WindowTruthOptions,
} from "./lib/phantom/truth.ts";
export type { Fixation as PhantomFixation } from "./lib/phantom/gaze.ts";
export {
  phantomDefaults,
  type PhantomOptions,
  type ResolvedPhantomOptions,
  resolvePhantomOptions,
  voiceNames,
} from "./lib/phantom/options.ts";
export { background, easyPlaneNames, planeNames, standardPlaneNames } from "./lib/phantom/anatomy.ts";
export { type Difficulty, difficultyNames } from "./lib/phantom/difficulty.ts";
export type { Segment, Span } from "./lib/phantom/itinerary.ts";
export type { Utterance } from "./lib/phantom/narration.ts";
export type { Speaker, Subject } from "./lib/phantom/subject.ts";
export type { SectorForm } from "./lib/phantom/sector.ts";
export type { NoiseEvent, Room } from "./lib/phantom/soundtrack.ts";

// Media and sound.
export { type AudioProbe, type MediaProbe, probeMedia, type VideoProbe } from "./lib/media/probe.ts";
export { UnusableMediaError, type UnusableReason } from "./lib/media/unusable.ts";
export type { CropBox, PictureSize } from "./lib/media/crop.ts";
export type { Point, SectorOutline } from "./lib/media/sector_outline.ts";
export * from "./lib/signal/spectrogram.ts";
export {
  type VoiceActivity,
  VoiceActivityStream,
  voicedFraction,
  type VoicedSpan,
  voicedSpans,
  voiceFrameSeconds,
} from "./lib/signal/voice_activity.ts";

// Preparing and reading datasets.
export { prepareDataset, type PrepareEvent, type PrepareOptions, type ToldScan } from "./lib/data/prepare.ts";
export { readManifest, type ScanItem, type ScanList } from "./lib/data/manifest.ts";
export {
  confirmMask,
  type MaskTemplate,
  readMaskTemplate,
  writeMaskTemplate,
} from "./lib/data/mask_template.ts";
export type { MaskedScan } from "./lib/data/known_masks.ts";
export type { ScanMask } from "./lib/data/sector_gate.ts";
export { openPseudonyms, Pseudonyms } from "./lib/data/pseudonyms.ts";
export { listScans } from "./lib/data/prepare_inputs.ts";
export { assignSplits, type Split, splits, type SplitShares, type SubjectRequest } from "./lib/data/split.ts";
export {
  type CertifiedDataset,
  type CertifiedSplit,
  type CertifyOptions,
  certifySplit,
  type SplitCertificate,
} from "./lib/data/split_certificate.ts";
export { refuseTrainedData, type TrainedOn } from "./lib/data/trained_data.ts";
export type { FingerprintBasis, ScanFingerprints } from "./lib/data/scan_fingerprints.ts";
export type { ChangeTrack, TrackKind, TrackRule } from "./lib/data/change_track.ts";
export {
  DatasetReader,
  type DatasetSummary,
  type QuarantineRecord,
  type ScanRecord,
  type WindowRecord,
} from "./lib/data/dataset_store.ts";

// Batches.
export { fitRunConfig, type FittedConfig } from "./lib/data/fit_run_config.ts";
export type { InputSource, WindowSource } from "./lib/data/inputs.ts";
export { type LabelStretch, labelWithin } from "./lib/data/labels.ts";
export {
  type FixationOrigin,
  fixationsWithin,
  type GazeFixation,
  type GazePlace,
  type GazeSample,
  type ScanGaze,
} from "./lib/data/gaze.ts";
export type { TimeSpan } from "./lib/data/windows.ts";
export {
  type BatchPlan,
  type PairSample,
  PairSampler,
  type PairSettings,
  type SpeechSample,
  type WindowSample,
} from "./lib/data/pairs.ts";
export {
  type Batch,
  type BatchArrays,
  type BatchFormat,
  type BatchNeeds,
  BatchReader,
  compactFormat,
  finishedFormat,
} from "./lib/data/batches.ts";
export type { PairMasks } from "./lib/data/pair_masks.ts";

// Graphs, their gradients, and the devices that run them.
export * as graph from "./lib/tensor/graph.ts";
export type {
  BinaryFunction,
  Initializer,
  InputType,
  LastAxisFunction,
  Node,
  Operation,
  ParameterInfo,
  ParameterNode,
  UnaryFunction,
} from "./lib/tensor/graph.ts";
export { type GradientOptions, gradients } from "./lib/tensor/autodiff.ts";
export { initializeParameters, parameterCount } from "./lib/tensor/parameters.ts";
export { evaluateReference, type ReferenceTensor, type ReferenceValues } from "./lib/tensor/reference.ts";
export * from "./lib/tensor/device.ts";
export * from "./lib/tensor/executor.ts";

// The dual encoder, its losses and their pace.
export { buildDualEncoder, buildEmbeddingGraph } from "./lib/models/dual_encoder.ts";
export type { DualEncoder, EmbeddingGraph } from "./lib/models/dual_encoder.ts";
export { buildTrainingGraph, type TrainingNeeds, trainingNeeds } from "./lib/models/train_graph.ts";
export type { NetworkMode, StateUpdate } from "./lib/models/network_context.ts";
export { buildPlaneClassifier, buildPlaneTraining } from "./lib/models/plane_classifier.ts";
export type { PlaneClassifierOptions } from "./lib/models/plane_classifier.ts";
export { buildSaliencyNetwork, buildSaliencyTraining } from "./lib/models/saliency_network.ts";
export type { SaliencyNetworkOptions } from "./lib/models/saliency_network.ts";
export type { EncoderUse, TransferStep } from "./lib/models/transfer_network.ts";
export * from "./lib/losses/correlation.ts";
export * from "./lib/losses/cross_modal_contrastive.ts";
export * from "./lib/losses/frame_order.ts";
export * from "./lib/losses/info_nce.ts";
export * from "./lib/losses/pair_similarity.ts";
export * from "./lib/losses/temperature.ts";
export * from "./lib/pacing/affinity.ts";
export * from "./lib/pacing/create_pace.ts";
export * from "./lib/pacing/learned_pace.ts";
export * from "./lib/pacing/pace.ts";

// Training.
export * from "./lib/training/events.ts";
export * from "./lib/training/gates.ts";
export {
  type GateFinding,
  type GateOptions,
  overfitOneBatch,
  overfitSteps,
  overfitWindows,
} from "./lib/training/overfit_gate.ts";
export {
  type GateScores,
  type ShuffledGateOptions,
  shuffledSteps,
  trainOnShuffledPairs,
} from "./lib/training/shuffled_gate.ts";
export { makeFeeds, type StepFeeds } from "./lib/training/feeds.ts";
export type { BatchFacts } from "./lib/training/step_metrics.ts";
export { recordRun } from "./lib/training/record_run.ts";
export * from "./lib/training/run_certificate.ts";
export * from "./lib/training/run_folder.ts";
export * from "./lib/training/run_pause.ts";
export { floatTensors } from "./lib/training/train_state.ts";
export type { TrainOptions } from "./lib/training/run_start.ts";
export { train } from "./lib/training/trainer.ts";

// Evaluation: what was learned, and how sure that is.
export * from "./lib/evaluation/evaluate.ts";
export * from "./lib/evaluation/embed.ts";
export * from "./lib/evaluation/embedding_map.ts";
export * from "./lib/evaluation/aligned_planes.ts";
export * from "./lib/evaluation/saved_embeddings.ts";
export * from "./lib/evaluation/pair_scores.ts";
export * from "./lib/evaluation/retrieval.ts";
export * from "./lib/evaluation/concept_retrieval.ts";
export * from "./lib/evaluation/affinity_report.ts";
export * from "./lib/evaluation/classification.ts";
export * from "./lib/evaluation/ranking.ts";
export * from "./lib/evaluation/calibration.ts";
export * from "./lib/evaluation/labelled_features.ts";
export * from "./lib/evaluation/linear_probe.ts";
export type { MinimizeOptions } from "./lib/evaluation/lbfgs.ts";
export * from "./lib/evaluation/nearest_neighbours.ts";
export * from "./lib/evaluation/label_efficiency.ts";
export * from "./lib/evaluation/folds.ts";
export * from "./lib/evaluation/gaze_map.ts";
export * from "./lib/evaluation/saliency.ts";
export * from "./lib/evaluation/saliency_baselines.ts";
export * from "./lib/evaluation/frame_change.ts";
export * from "./lib/evaluation/pictures.ts";
export * from "./lib/evaluation/parameter_fit.ts";
export * from "./lib/evaluation/fine_tune.ts";
export * from "./lib/evaluation/plane_detection.ts";
export * from "./lib/evaluation/saliency_prediction.ts";
export * from "./lib/evaluation/bootstrap.ts";
export * from "./lib/evaluation/paired_comparison.ts";
export * from "./lib/evaluation/label_permutation.ts";
export {
  type Fact,
  type ScalarLeak,
  type ScalarLeakOptions,
  scalarLeaks,
} from "./lib/evaluation/scalar_leak.ts";
export * from "./lib/evaluation/subject_deals.ts";
export * from "./lib/evaluation/statistics.ts";
export * from "./lib/evaluation/window_search.ts";
export { modalityOf, type QueryReading, readQuery, type SearchQuery } from "./lib/evaluation/search_query.ts";
export {
  type Hearing,
  listenToRoom,
  type LooseInput,
  loosePicture,
  looseSound,
  type RoomSound,
} from "./lib/data/loose_input.ts";

// Models, embeddings and metrics in formats that other programs read, and weights that come from them.
export { describeTrainedRun, type RunWeights, type TrainedRun } from "./lib/export/trained_run.ts";
export {
  encoderNetworks,
  type ExportableNetwork,
  planeClassifierNetwork,
  saliencyNetwork,
} from "./lib/export/encoder_networks.ts";
export { exportOnnx, type ExportOptions, type OnnxExportOptions } from "./lib/export/export_onnx.ts";
export { exportSafetensors } from "./lib/export/export_safetensors.ts";
export {
  type EmbeddingExportOptions,
  type EmbeddingPassport,
  exportEmbeddings,
} from "./lib/export/export_embeddings.ts";
export { exportMetrics, type MetricsPassport } from "./lib/export/export_metrics.ts";
export type { ExportedFile, ExportedNetwork, Passport, RunFacts } from "./lib/export/passport.ts";
export {
  type ChannelsAxis,
  describePreprocessing,
  type FramesPreprocessing,
  type Preprocessing,
  type SpeechPreprocessing,
} from "./lib/export/preprocessing.ts";
export type { NetworkOfBatch } from "./lib/export/network_of_batch.ts";
export { exportTfjs } from "./lib/export/export_tfjs.ts";
export { onnxIrVersion, onnxModel, type OnnxModelOptions, onnxOpset } from "./lib/export/onnx_model.ts";
export { type ForeignWeights, readForeignWeights } from "./lib/export/foreign_weights.ts";
export { type ImportedWeights, type ImportPassport, importWeights } from "./lib/export/import_weights.ts";
export { fitStart, startLines, type StartReport } from "./lib/export/start_report.ts";

// The paper's comparison.
export type { PoolOptions } from "./lib/reproduction/cell_pool.ts";
export type { PlaneAnswers, TrainingAnswers } from "./lib/reproduction/plane_answers.ts";
export * from "./lib/reproduction/report.ts";
export {
  accuracyOf,
  groupTitles,
  primaryMetrics,
  summarySentences,
} from "./lib/reproduction/report_reading.ts";
export {
  type ComparisonTexts,
  comparisonTexts,
  type FigureTexts,
  type MetricTexts,
  metricTexts,
} from "./lib/reproduction/report_texts.ts";
export { renderReport } from "./lib/reproduction/report_html.ts";
export { renderReportText } from "./lib/reproduction/report_text.ts";
export * from "./lib/reproduction/reproduce.ts";
export { type RowDefinition, rowDefinitions } from "./lib/reproduction/rows.ts";
export {
  rowConfig,
  rowSettings,
  studies,
  type Study,
  type StudyDataset,
  type StudyScans,
  studyScans,
} from "./lib/reproduction/study.ts";
export type { StudyPlaces } from "./lib/reproduction/study_data.ts";

// Records on disk.
export { writeFileAtomic } from "./lib/records/atomic_file.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  SafetensorsAppender,
  type SafetensorsData,
  type SafetensorsDtype,
  type SafetensorsHeader,
  SafetensorsReader,
  type SafetensorsTensor,
  type TensorEntry,
} from "./lib/records/safetensors.ts";
export type { AppenderOptions } from "./lib/records/safetensors_appender.ts";
export { type BrokenCheckpoint, type Checkpoint, CheckpointStore } from "./lib/records/checkpoint_store.ts";
export {
  MetricStore,
  type MetricStoreOptions,
  type MetricSummary,
  type RecordableEvent,
  type Series,
  type StoredEvent,
} from "./lib/records/metric_store.ts";
