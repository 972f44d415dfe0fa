/**
 * Every setting of Sonospeech with its default, and the only place where settings are read and checked.
 *
 * A config starts from the defaults, takes its preset's changes, then those of a JSON file, then `--set` changes.
 * The result is complete, checked and frozen; it is stored with the dataset or run it made.
 *
 * @module
 */

import { distance } from "fastest-levenshtein";
import * as v from "valibot";
import { SonospeechError } from "./errors.ts";

const positive = v.pipe(v.number(), v.gtValue(0));
const notNegative = v.pipe(v.number(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const countOrZero = v.pipe(v.number(), v.integer(), v.minValue(0));
const size = v.strictTuple([count, count]);

const presetSchema = v.picklist(["tiny", "small", "paper"]);

const prepareSchema = v.strictObject({
  /** The preset whose sizes are the defaults. */
  preset: presetSchema,
  /** Seed of the subject split. */
  seed: countOrZero,
  /** Length of a window (the paper's interval T), seconds. */
  windowSeconds: positive,
  /** Frames stored per window, evenly spaced in time; the paper's clips have 60. */
  framesPerWindow: v.pipe(v.number(), v.integer(), v.minValue(4)),
  /** Height and width of a stored frame, pixels. */
  frameSize: size,
  /** What is kept of a picture: the inside of the fan found by itself, everything, or a box in source pixels. */
  crop: v.union([
    v.picklist(["auto", "none"]),
    v.strictObject({ x: countOrZero, y: countOrZero, width: count, height: count }),
  ]),
  /** How speech becomes a picture. */
  spectrogram: v.strictObject({
    /** Linear frequency bands as in the paper, or a mel filter bank. */
    scale: v.picklist(["linear", "mel"]),
    /** Number of bands M. */
    bands: count,
    /** Rate speech is resampled to, Hz. */
    sampleRate: count,
    /** Length of the analysis window, seconds. */
    winSeconds: positive,
    /** Time from one column to the next, seconds. */
    hopSeconds: positive,
  }),
  /** Shares of the subjects; the rest of 1 trains. */
  split: v.strictObject({ validationShare: share, testShare: share }),
});

const runSchema = v.strictObject({
  /** The preset whose changes to the defaults apply. */
  preset: presetSchema,
  /** Seed of everything random in the run. */
  seed: countOrZero,
  /** How windows become batches (METHOD section 2.1). */
  data: v.strictObject({
    /** Windows in a batch. */
    batchSize: v.pipe(v.number(), v.integer(), v.minValue(2)),
    /** Windows of a batch that are drawn from one scan together; 1 draws every window by itself. */
    windowsPerScan: count,
    /** Sampled (frame, speech, hard negative) groups of a window, K; at most 4. */
    samplingGroups: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4)),
    /** Hard negatives come from δ windows away in the same scan, 0 < δ < D; this is D. */
    intervalSkipRange: v.pipe(v.number(), v.integer(), v.minValue(2)),
    /** Whether they come from later windows only, as written in the paper, or from either side. */
    hardNegativeDirection: v.picklist(["after", "either"]),
    /** Windows of the same scan closer than this many seconds are no ordinary negatives. */
    neighbourSeconds: notNegative,
    /** Length of a speech sample, seconds. */
    speechSeconds: positive,
    /** Random changes of the pictures while training. */
    augmentation: v.strictObject({
      /** Largest shift, as a share of the frame's size. */
      shift: share,
      /** Largest change of contrast (exponent), as a share. */
      gamma: share,
      /** Largest change of brightness, as a share of full scale. */
      brightness: share,
      /** Largest change of the speech's speed, as a share. */
      speechStretch: v.pipe(v.number(), v.minValue(0), v.maxValue(0.9)),
      /** Largest shift of the speech in frequency, as a share of the bands. */
      bandShift: share,
      /** Share of the spectrogram's bands and of its columns that may be masked (SpecAugment). */
      spectrogramMask: share,
    }),
  }),
  /** The dual encoder. */
  model: v.strictObject({
    /** Plain strided convolutions, ResNet-18, or the paper's half-width dilated SE-ResNeXt-50. */
    encoder: v.picklist(["plain", "resnet18", "seResNeXt50"]),
    /** Height and width of the frame the video encoder sees; smaller than the stored frame means a resize. */
    frameSize: size,
    /** Bands and columns of the spectrogram the speech encoder sees. */
    speechSize: size,
    /** Multiplies every width of the encoder. */
    widthMultiplier: positive,
    /** Width of the projection head's hidden layer; the paper states none. */
    projectionHidden: count,
    /** Width D of the embeddings; the paper states none. */
    embeddingDim: count,
    /** Width of the hidden layer of the correlation and order heads. */
    headHidden: count,
    /** Share of the old value kept by the running moments of batch normalization at each step. */
    batchNormMomentum: share,
  }),
  /** L = α L_cls + β L_cont + γ L_ord, equation 3. */
  losses: v.strictObject({
    /** α. */
    correlationWeight: notNegative,
    /** β. */
    contrastiveWeight: notNegative,
    /** γ. */
    orderWeight: notNegative,
    /** InfoNCE with a learnable temperature and the hard negative in the denominator, or equation 2 as printed. */
    contrastiveForm: v.picklist(["stable", "literal"]),
    /** First temperature of the stable form. */
    initialTemperature: positive,
    /** The temperature never falls below this. */
    minimumTemperature: positive,
    /** Whether the stable form also contrasts each speech sample with all frames. */
    symmetric: v.boolean(),
    /** Whether the hard negatives enter the denominator of the stable form. */
    hardNegatives: v.boolean(),
    /** Floor under the numerator of the literal form, which is negative whenever the hard negative scores higher. */
    literalFloor: positive,
  }),
  /** Which losses a window gets (METHOD section 2.3). */
  pacing: v.strictObject({
    /** Every window gets every loss, or the paper's two affinity levels from voice activity. */
    kind: v.picklist(["none", "voice"]),
    /** Which detector's voicedFraction decides. */
    detector: v.picklist(["energy", "webrtc"]),
    /** Windows with at least this voicedFraction have high affinity. */
    voicedFractionThreshold: share,
  }),
  /** How parameters change (METHOD section 2.4). */
  optimizer: v.strictObject({
    kind: v.picklist(["sgd", "adamw"]),
    learningRate: positive,
    /** Of sgd. */
    momentum: share,
    /** Of adamw. */
    beta1: share,
    /** Of adamw. */
    beta2: share,
    /** Of adamw. */
    epsilon: positive,
    weightDecay: notNegative,
    /** Whether weight decay reaches biases, scales and the temperature too, as PyTorch does by default. */
    decayBiasAndNorm: v.boolean(),
    /** Largest global L2 norm of the gradients; the paper clips but does not say where. */
    clipNorm: positive,
    /** Learning rate over time: divided every few epochs, half a cosine to 0, or constant. */
    schedule: v.picklist(["step", "cosine", "constant"]),
    /** Factor of the step schedule. */
    stepFactor: positive,
    /** Epochs between two steps of the step schedule. */
    stepEpochs: count,
    /** Steps over which the learning rate first rises. */
    warmupSteps: countOrZero,
  }),
  /** The run's length and rhythm. */
  training: v.strictObject({
    epochs: count,
    /** Steps between two metric events. */
    logEverySteps: count,
    /** Epochs between two evaluations on the validation subjects; also the rhythm of epoch checkpoints. */
    evaluateEveryEpochs: count,
    /** Minutes between two checkpoints inside an epoch. */
    checkpointMinutes: positive,
    /** At most this many windows are embedded in an evaluation while training. */
    evaluationWindows: count,
  }),
});

/** The settings of a prepared dataset. */
export type PrepareConfig = DeepReadonly<v.InferOutput<typeof prepareSchema>>;
/** The settings of a training run. */
export type RunConfig = DeepReadonly<v.InferOutput<typeof runSchema>>;
/** The name of a set of sizes. */
export type Preset = v.InferOutput<typeof presetSchema>;

/** `T` with every property read-only. */
export type DeepReadonly<T> = T extends (infer _)[] ? Readonly<T>
  : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
  : T;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const prepareDefaults = {
  preset: "tiny",
  seed: 1,
  windowSeconds: 2,
  framesPerWindow: 8,
  frameSize: [48, 48],
  crop: "auto",
  spectrogram: { scale: "mel", bands: 64, sampleRate: 24000, winSeconds: 0.025, hopSeconds: 0.01 },
  split: { validationShare: 0.15, testShare: 0.2 },
} as const;

const preparePresets: Record<Preset, JsonObject> = {
  tiny: {},
  small: { framesPerWindow: 12, frameSize: [112, 144], spectrogram: { bands: 80 } },
  paper: {
    framesPerWindow: 60,
    frameSize: [224, 288],
    spectrogram: { scale: "linear", bands: 256, winSeconds: 0.01, hopSeconds: 0.005 },
  },
};

const runDefaults = {
  preset: "tiny",
  seed: 1,
  data: {
    batchSize: 32,
    windowsPerScan: 8,
    samplingGroups: 2,
    intervalSkipRange: 5,
    hardNegativeDirection: "after",
    neighbourSeconds: 10,
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
  pacing: { kind: "voice", detector: "webrtc", voicedFractionThreshold: 0.3 },
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
    logEverySteps: 1,
    evaluateEveryEpochs: 2,
    checkpointMinutes: 10,
    evaluationWindows: 2000,
  },
} as const;

const runPresets: Record<Preset, JsonObject> = {
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

/** What a config may be changed by: the parsed JSON of a file, and `--set` texts as `optimizer.learningRate=3e-4`. */
export interface ConfigChanges {
  file?: unknown;
  set?: readonly string[];
}

/**
 * The complete settings for preparing a dataset.
 *
 * @throws SonospeechError `config` when a key is unknown (with the nearest known one) or a value is out of range.
 */
export function resolvePrepareConfig(changes: ConfigChanges = {}): PrepareConfig {
  return resolve(prepareSchema, prepareDefaults, preparePresets, changes) as PrepareConfig;
}

/**
 * The complete settings of a training run.
 *
 * @throws SonospeechError `config` when a key is unknown (with the nearest known one) or a value is out of range.
 * @example
 * ```ts
 * import { resolveRunConfig } from "./config.ts";
 * const config = resolveRunConfig({ file: { preset: "tiny" }, set: ["optimizer.learningRate=3e-4"] });
 * console.assert(config.optimizer.learningRate === 3e-4 && config.model.encoder === "plain");
 * ```
 */
export function resolveRunConfig(changes: ConfigChanges = {}): RunConfig {
  const config = resolve(runSchema, runDefaults, runPresets, changes) as RunConfig;
  const { correlationWeight, contrastiveWeight, orderWeight } = config.losses;
  if (correlationWeight + contrastiveWeight + orderWeight === 0) {
    throw new SonospeechError("config", {
      action: "read the config",
      must: "at least one of losses.correlationWeight, contrastiveWeight and orderWeight must be positive",
      received: config.losses,
    });
  }
  return config;
}

function resolve(
  schema: v.GenericSchema,
  defaults: object,
  presets: Record<Preset, JsonObject>,
  changes: ConfigChanges,
): unknown {
  const changed = structuredClone(changes.file ?? {}) as Json;
  if (!isObject(changed)) {
    throw new SonospeechError("config", {
      action: "read the config",
      must: "it must be a JSON object",
      received: changed,
    });
  }
  for (const text of changes.set ?? []) setPath(changed, text);
  refuseUnknownKeys(changed, defaults as JsonObject, "");
  const base = structuredClone(defaults) as unknown as JsonObject;
  const preset = changed.preset ?? base.preset;
  if (typeof preset !== "string" || !Object.hasOwn(presets, preset)) {
    throw new SonospeechError("config", {
      action: "read the config",
      must: `preset must be one of ${Object.keys(presets).join(", ")}`,
      received: preset,
    });
  }
  const merged = merge(merge(base, presets[preset as Preset]), changed);
  const result = v.safeParse(schema, merged);
  if (!result.success) {
    const issue = result.issues[0];
    const path = issue.path?.map((item) => String(item.key)).join(".") ?? "config";
    throw new SonospeechError("config", {
      action: "read the config",
      must: `${path} must be ${issue.expected ?? "valid"}`,
      received: issue.input,
    });
  }
  return deepFreeze(result.output);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function setPath(target: JsonObject, text: string): void {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new SonospeechError("config", {
      action: "read --set",
      must: "it must have the form path.to.key=value",
      received: text,
    });
  }
  const keys = text.slice(0, equals).split(".");
  let object = target;
  for (const key of keys.slice(0, -1)) {
    if (!isObject(object[key])) object[key] = {};
    object = object[key] as JsonObject;
  }
  const raw = text.slice(equals + 1);
  let value: Json;
  try {
    value = JSON.parse(raw);
  } catch {
    value = raw;
  }
  object[keys[keys.length - 1]] = value;
}

function refuseUnknownKeys(changed: JsonObject, known: JsonObject, prefix: string): void {
  for (const key of Object.keys(changed)) {
    const path = prefix + key;
    if (!Object.hasOwn(known, key)) {
      const [nearest] = Object.keys(known).sort((a, b) => distance(key, a) - distance(key, b));
      throw new SonospeechError("config", {
        action: "read the config",
        must: `every key must be known, the nearest to "${path}" is "${prefix}${nearest}"`,
        received: path,
      });
    }
    const inner = known[key];
    if (isObject(inner)) {
      const value = changed[key];
      if (!isObject(value)) {
        throw new SonospeechError("config", {
          action: "read the config",
          must: `${path} must be an object with keys ${Object.keys(inner).join(", ")}`,
          received: value,
        });
      }
      refuseUnknownKeys(value, inner, `${path}.`);
    }
  }
}

function merge(base: JsonObject, changes: JsonObject): JsonObject {
  const out: JsonObject = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const old = out[key];
    out[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  return out;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
