/**
 * The range of every setting, checked when a config is read.
 *
 * @module
 */

import * as v from "valibot";
import type { PrepareConfig, Preset, RunConfig } from "./config_types.ts";

const positive = v.pipe(v.number(), v.gtValue(0));
const notNegative = v.pipe(v.number(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const decay = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const countOrZero = v.pipe(v.number(), v.integer(), v.minValue(0));
const size = v.strictTuple([count, count]);

const presetSchema: v.GenericSchema<unknown, Preset> = v.picklist(["tiny", "small", "paper"]);

/** Checks the settings of a prepared dataset. */
export const prepareSchema: v.GenericSchema<unknown, PrepareConfig> = v.strictObject({
  preset: presetSchema,
  seed: countOrZero,
  windowSeconds: positive,
  framesPerWindow: v.pipe(v.number(), v.integer(), v.minValue(4)),
  frameSize: size,
  crop: v.union([
    v.picklist(["auto", "none"]),
    v.strictObject({ x: countOrZero, y: countOrZero, width: count, height: count }),
  ]),
  deidentification: v.strictObject({
    requireConfirmedMask: v.boolean(),
    burntIn: v.picklist(["warn", "refuse"]),
  }),
  spectrogram: v.strictObject({
    scale: v.picklist(["linear", "mel"]),
    bands: count,
    sampleRate: count,
    winSeconds: positive,
    hopSeconds: positive,
  }),
  split: v.strictObject({ validationShare: share, testShare: share }),
});

/** Checks the settings of a training run. */
export const runSchema: v.GenericSchema<unknown, RunConfig> = v.strictObject({
  preset: presetSchema,
  seed: countOrZero,
  data: v.strictObject({
    batchSize: v.pipe(v.number(), v.integer(), v.minValue(2)),
    windowsPerScan: count,
    consecutiveWindows: count,
    samplingGroups: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4)),
    intervalSkipRange: v.pipe(v.number(), v.integer(), v.minValue(2)),
    hardNegativeDirection: v.picklist(["after", "either"]),
    neighbourSeconds: notNegative,
    bagSeconds: notNegative,
    speechSeconds: positive,
    augmentation: v.strictObject({
      shift: share,
      gamma: share,
      brightness: share,
      speechStretch: v.pipe(v.number(), v.minValue(0), v.maxValue(0.9)),
      bandShift: share,
      spectrogramMask: share,
    }),
  }),
  model: v.strictObject({
    encoder: v.picklist(["plain", "resnet18", "seResNeXt50"]),
    frameSize: size,
    speechSize: size,
    widthMultiplier: positive,
    projectionHidden: count,
    embeddingDim: count,
    headHidden: count,
    batchNormMomentum: share,
  }),
  losses: v.strictObject({
    correlationWeight: notNegative,
    contrastiveWeight: notNegative,
    orderWeight: notNegative,
    contrastiveForm: v.picklist(["stable", "literal"]),
    initialTemperature: positive,
    minimumTemperature: positive,
    symmetric: v.boolean(),
    hardNegatives: v.boolean(),
    literalFloor: positive,
  }),
  pacing: v.strictObject({
    kind: v.picklist(["none", "voice", "learned"]),
    detector: v.picklist(["energy", "webrtc"]),
    voicedFractionThreshold: share,
    learned: v.strictObject({
      warmupEpochs: countOrZero,
      affinityMomentum: share,
      initialShare: share,
      finalShare: share,
      growthEpochs: count,
      diversity: notNegative,
      selection: v.picklist(["soft", "hard"]),
      minimumWeight: share,
      cdfScale: positive,
    }),
  }),
  optimizer: v.strictObject({
    kind: v.picklist(["sgd", "adamw"]),
    learningRate: positive,
    momentum: share,
    beta1: decay,
    beta2: decay,
    epsilon: positive,
    weightDecay: notNegative,
    decayBiasAndNorm: v.boolean(),
    clipNorm: positive,
    schedule: v.picklist(["step", "cosine", "constant"]),
    stepFactor: positive,
    stepEpochs: count,
    warmupSteps: countOrZero,
  }),
  training: v.strictObject({
    epochs: count,
    chunkSize: countOrZero,
    storage: v.picklist(["f32", "f16"]),
    logEverySteps: count,
    evaluateEveryEpochs: count,
    checkpointMinutes: positive,
    evaluationWindows: count,
  }),
});
