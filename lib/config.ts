/**
 * Reading settings: the only place where they are put together and checked.
 *
 * A config starts from the defaults, takes its preset's changes, then those of a JSON file, then `--set` changes.
 * The result is complete, checked and frozen; it is stored with the dataset or run it made.
 *
 * @module
 */

import * as v from "valibot";
import {
  type Json,
  type JsonObject,
  prepareDefaults,
  preparePresets,
  runDefaults,
  runPresets,
} from "./config_defaults.ts";
import { prepareSchema, runSchema } from "./config_schema.ts";
import type { PrepareConfig, Preset, RunConfig } from "./config_types.ts";
import { SonospeechError } from "./errors.ts";
import { nearest } from "./nearest.ts";

export type { PrepareConfig, Preset, RunConfig } from "./config_types.ts";

/** What a config may be changed by: the parsed JSON of a file, and `--set` texts as `optimizer.learningRate=3e-4`. */
export interface ConfigChanges {
  /** The parsed JSON of a config file. */
  file?: unknown;
  /** Single settings, as `optimizer.learningRate=3e-4`; they go over the file's. */
  set?: readonly string[];
}

/**
 * The complete settings for preparing a dataset.
 *
 * @throws SonospeechError `config` when a key is unknown (with the nearest known one) or a value is out of range.
 */
export function resolvePrepareConfig(changes: ConfigChanges = {}): PrepareConfig {
  const config = resolve(prepareSchema, prepareDefaults, preparePresets, changes);
  const { hopSeconds, sampleRate } = config.spectrogram;
  const hopLength = Math.round(hopSeconds * sampleRate);
  // Columns are found by hopSeconds: a part of a sample each would add up to seconds over a scan.
  if (hopLength < 1 || Math.abs(hopLength - hopSeconds * sampleRate) > 1e-6) {
    throw new SonospeechError("config", {
      action: "read the config",
      must: "spectrogram.hopSeconds must be a whole number of samples at spectrogram.sampleRate = " +
        `${sampleRate} Hz`,
      received: hopSeconds,
      hint: `the nearest is ${Math.max(1, hopLength) / sampleRate}`,
    });
  }
  return config;
}

/**
 * The complete settings of a training run.
 *
 * @throws SonospeechError `config` when a key is unknown (with the nearest known one) or a value is out of range.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { resolveRunConfig } from "./config.ts";
 * const config = resolveRunConfig({ file: { preset: "tiny" }, set: ["optimizer.learningRate=3e-4"] });
 * assert(config.optimizer.learningRate === 3e-4 && config.model.encoder === "plain");
 * ```
 */
export function resolveRunConfig(changes: ConfigChanges = {}): RunConfig {
  const config = resolve(runSchema, runDefaults, runPresets, changes);
  const { correlationWeight, contrastiveWeight, orderWeight } = config.losses;
  if (correlationWeight + contrastiveWeight + orderWeight === 0) {
    throw new SonospeechError("config", {
      action: "read the config",
      must: "at least one of losses.correlationWeight, contrastiveWeight and orderWeight must be positive",
      received: config.losses,
    });
  }
  const { initialTemperature, minimumTemperature } = config.losses;
  if (initialTemperature < minimumTemperature) {
    throw new SonospeechError("config", {
      action: "read the config",
      must: `losses.initialTemperature must be at least losses.minimumTemperature = ${minimumTemperature}: ` +
        "below it nothing would be learned of the temperature",
      received: initialTemperature,
    });
  }
  if (config.data.bagSeconds > 0 && config.losses.contrastiveForm === "literal") {
    throw new SonospeechError("config", {
      action: "read the config",
      must:
        "data.bagSeconds must be 0 with losses.contrastiveForm=literal: equation 2 has one positive a pair",
      received: config.data.bagSeconds,
    });
  }
  return config;
}

function resolve<T>(
  schema: v.GenericSchema<unknown, T>,
  defaults: JsonObject,
  presets: Record<Preset, JsonObject>,
  changes: ConfigChanges,
): T {
  const changed = structuredClone(changes.file ?? {}) as Json;
  if (!isObject(changed)) {
    throw new SonospeechError("config", {
      action: "read the config",
      must: "it must be a JSON object",
      received: changed,
    });
  }
  for (const text of changes.set ?? []) setPath(changed, text);
  refuseUnknownKeys(changed, defaults, "");
  const base = structuredClone(defaults);
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
      const closest = nearest(key, Object.keys(known));
      throw new SonospeechError("config", {
        action: "read the config",
        must: `every key must be known, the nearest to "${path}" is "${prefix}${closest}"`,
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
