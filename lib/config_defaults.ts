/**
 * The default of every setting, and what the presets change.
 *
 * @module
 */

import type { Preset } from "./config_types.ts";

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** An object that JSON can hold. */
export type JsonObject = { [key: string]: Json };

/** The defaults of a prepared dataset. */
export const prepareDefaults: JsonObject = {
  preset: "tiny",
  seed: 1,
  windowSeconds: 2,
  framesPerWindow: 8,
  frameSize: [48, 48],
  crop: "auto",
  deidentification: { requireConfirmedMask: false, burntIn: "warn" },
  spectrogram: { scale: "mel", bands: 64, sampleRate: 24000, winSeconds: 0.025, hopSeconds: 0.01 },
  split: { validationShare: 0.15, testShare: 0.2 },
};

/** What each preset changes of them. */
export const preparePresets: Record<Preset, JsonObject> = {
  tiny: {},
  small: { framesPerWindow: 12, frameSize: [112, 144], spectrogram: { bands: 80 } },
  paper: {
    framesPerWindow: 60,
    frameSize: [224, 288],
    spectrogram: { scale: "linear", bands: 256, winSeconds: 0.01, hopSeconds: 0.005 },
  },
};

/** The defaults of a training run. */
export const runDefaults: JsonObject = {
  preset: "tiny",
  seed: 1,
  data: {
    batchSize: 32,
    windowsPerScan: 16,
    consecutiveWindows: 1,
    samplingGroups: 2,
    intervalSkipRange: 5,
    hardNegativeDirection: "after",
    neighbourSeconds: 10,
    bagSeconds: 0,
    speechSeconds: 3,
    augmentation: {
      shift: 0.05,
      gamma: 0.25,
      brightness: 0.1,
      speechStretch: 0.1,
      bandShift: 0.02,
      spectrogramMask: 0.1,
    },
  },
  model: {
    encoder: "plain",
    frameSize: [48, 48],
    speechSize: [64, 128],
    widthMultiplier: 1,
    projectionHidden: 128,
    embeddingDim: 64,
    headHidden: 128,
    batchNormMomentum: 0.9,
  },
  losses: {
    correlationWeight: 1,
    contrastiveWeight: 1,
    orderWeight: 1,
    contrastiveForm: "stable",
    initialTemperature: 0.1,
    minimumTemperature: 0.01,
    symmetric: true,
    hardNegatives: true,
    literalFloor: 0.01,
  },
  pacing: {
    kind: "voice",
    detector: "webrtc",
    voicedFractionThreshold: 0.3,
    learned: {
      warmupEpochs: 4,
      affinityMomentum: 0.5,
      initialShare: 0.6,
      finalShare: 0.9,
      growthEpochs: 20,
      diversity: 0.1,
      selection: "soft",
      minimumWeight: 0.25,
      cdfScale: 0.5,
    },
  },
  optimizer: {
    kind: "adamw",
    learningRate: 1e-3,
    momentum: 0.9,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.01,
    decayBiasAndNorm: false,
    clipNorm: 5,
    schedule: "cosine",
    stepFactor: 0.1,
    stepEpochs: 20,
    warmupSteps: 20,
  },
  training: {
    epochs: 30,
    chunkSize: 0,
    storage: "f32",
    logEverySteps: 1,
    evaluateEveryEpochs: 2,
    checkpointMinutes: 10,
    evaluationWindows: 2000,
  },
};

/** What each preset changes of them. */
export const runPresets: Record<Preset, JsonObject> = {
  // One group instead of two: on a processor half the speech in twice the steps learns more in the same time.
  tiny: { data: { samplingGroups: 1 }, optimizer: { learningRate: 3e-3 } },
  small: {
    model: {
      encoder: "resnet18",
      frameSize: [112, 144],
      speechSize: [80, 128],
      projectionHidden: 512,
      embeddingDim: 128,
      headHidden: 256,
    },
    training: { epochs: 60, logEverySteps: 5 },
  },
  paper: {
    data: { speechSeconds: 0.6, windowsPerScan: 1 },
    model: {
      encoder: "seResNeXt50",
      frameSize: [224, 288],
      speechSize: [256, 256],
      projectionHidden: 1024,
      embeddingDim: 256,
      headHidden: 512,
    },
    pacing: { detector: "energy" },
    optimizer: {
      kind: "sgd",
      learningRate: 1e-3,
      weightDecay: 5e-4,
      decayBiasAndNorm: true,
      schedule: "step",
      warmupSteps: 0,
    },
    training: { epochs: 80, logEverySteps: 20 },
  },
};
