/**
 * Checks what somebody asks to be trained, field by field, before anything is started.
 *
 * @module
 */

import { resolveRunConfig, type RunConfig, SonospeechError } from "../mod.ts";
import { Refusal } from "./guard.ts";
import type { TrainingPlaces } from "./training_places.ts";
import type { CommonSettings, StartProblem, StartRequest } from "./wire/control.ts";

/** What may compute. */
export const devices = ["auto", "webgpu", "wasm", "cpu"] as const;

const presets: readonly RunConfig["preset"][] = ["tiny", "small", "paper"];
const mostSettings = 100;
const longestText = 500;

/** A request whose parts have their types. @throws Refusal 400. */
export function startRequestOf(body: Partial<Record<keyof StartRequest, unknown>>): StartRequest {
  const text = (key: "run" | "dataset" | "preset" | "device"): string => {
    const value = body[key];
    if (typeof value === "string" && value.length <= longestText) return value;
    throw new Refusal(400, `${key} must be a text of at most ${longestText} characters.`);
  };
  const { settings = [], skipGates = false } = body;
  const areSettings = Array.isArray(settings) && settings.length <= mostSettings &&
    settings.every((setting) => typeof setting === "string" && setting.length <= longestText);
  if (!areSettings) throw new Refusal(400, `settings must be a list of at most ${mostSettings} texts.`);
  if (typeof skipGates !== "boolean") throw new Refusal(400, "skipGates must be true or false.");
  return {
    run: text("run"),
    dataset: text("dataset"),
    preset: text("preset"),
    device: text("device"),
    settings,
    skipGates,
  };
}

/** What is wrong with a request; nothing when it can be started. */
export async function startProblems(
  { run, dataset, preset, device, settings }: StartRequest,
  places: TrainingPlaces,
): Promise<StartProblem[]> {
  const problems: StartProblem[] = [];
  const add = (field: StartProblem["field"], message: string | null, setting: string | null = null) => {
    if (message !== null) problems.push({ field, setting, message });
  };
  add("run", await places.nameProblem(run));
  if (await places.dataset(dataset) === undefined) add("dataset", "Choose one of the datasets.");
  if (!devices.some((known) => known === device)) add("device", `Choose one of ${devices.join(", ")}.`);
  const base = `preset=${preset}`;
  add("preset", configProblem([base]));
  if (problems.some(({ field }) => field === "preset")) return problems;
  for (const setting of settings) add("settings", configProblem([base, setting]), setting);
  // Settings may be right one by one and not together.
  if (problems.every(({ field }) => field !== "settings")) {
    add("settings", configProblem([base, ...settings]));
  }
  return problems;
}

function configProblem(set: readonly string[]): string | null {
  try {
    resolveRunConfig({ set });
    return null;
  } catch (error) {
    if (!(error instanceof SonospeechError) || error.code !== "config") throw error;
    return error.message.replace(/^Cannot read (the config|--set): /, "");
  }
}

/** The settings that most people want to change, by preset. */
export function presetSettings(): Record<string, CommonSettings> {
  return Object.fromEntries(
    presets.map((preset) => {
      const { seed, training, data, optimizer } = resolveRunConfig({ set: [`preset=${preset}`] });
      return [preset, {
        seed,
        "training.epochs": training.epochs,
        "data.batchSize": data.batchSize,
        "optimizer.learningRate": optimizer.learningRate,
      }];
    }),
  );
}

/** A run's preset and what its settings differ from it by, as texts that the form takes. */
export function differencesFromPreset(
  config: Record<string, unknown>,
): { preset: string; settings: Record<string, string> } {
  const preset = presets.find((known) => known === config.preset) ?? presets[0];
  const before = new Map(leaves(resolveRunConfig({ set: [`preset=${preset}`] })));
  const changed = leaves(config).filter(([path, text]) => before.has(path) && before.get(path) !== text);
  return { preset, settings: Object.fromEntries(changed) };
}

function leaves(value: unknown, path = ""): [string, string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      leaves(inner, path === "" ? key : `${path}.${key}`)
    );
  }
  return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
}
