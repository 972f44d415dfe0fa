/**
 * The form of a new run: what it holds is part of the page's address, so that a choice of settings can be sent.
 *
 * @module
 */

import type { CommonSettings, StartProblem, StartRequest } from "../../routes/wire/control.ts";

/** Settings with a field of their own, and their names for people; all others are lines of text. */
export const commonFields: readonly [setting: keyof CommonSettings, name: string][] = [
  ["training.epochs", "Epochs"],
  ["data.batchSize", "Windows in a batch"],
  ["optimizer.learningRate", "Learning rate"],
  ["seed", "Seed"],
];

/** What somebody has filled in. */
export interface StartForm {
  run: string;
  dataset: string;
  preset: string;
  device: string;
  /** By setting; an empty text leaves what the preset says. */
  common: Record<string, string>;
  /** Lines as `a.b=value`. */
  more: string;
  skipGates: boolean;
}

/** Reads the form from an address. */
export function startFormOf(query: URLSearchParams): StartForm {
  const text = (key: string, otherwise = "") => query.get(key) ?? otherwise;
  return {
    run: text("run"),
    dataset: text("dataset"),
    preset: text("preset", "tiny"),
    device: text("device", "auto"),
    common: Object.fromEntries(commonFields.map(([setting]) => [setting, text(setting)])),
    more: text("more"),
    skipGates: text("gates") === "skip",
  };
}

/** What is asked of the server. */
export function startRequestOf({ common, more, run, ...form }: StartForm): StartRequest {
  const filled = commonFields.filter(([setting]) => common[setting].trim() !== "");
  return {
    ...form,
    run: run.trim(),
    settings: [...filled.map(([setting]) => `${setting}=${common[setting].trim()}`), ...linesOf(more)],
  };
}

/** Lines that say something. */
export function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** Where a problem is shown: beside the field of its setting, or else at that of all others. */
export function problemsAt(problems: readonly StartProblem[], place: string): string[] {
  return problems.filter((problem) => placeOf(problem) === place).map(({ setting, message }) =>
    place === "settings" && setting !== null ? `${setting}: ${message}` : message
  );
}

function placeOf({ field, setting }: StartProblem): string {
  const own = commonFields.find(([name]) => setting?.startsWith(`${name}=`));
  return own?.[0] ?? field;
}
