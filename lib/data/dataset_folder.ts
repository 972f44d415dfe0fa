/**
 * A dataset's folder: whose it is, who may write to it, and with which settings.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import { show, SonospeechError } from "../errors.ts";
import { writeJsonAtomic } from "../records/atomic_file.ts";
import { datasetPaths, formatVersion } from "./dataset_schema.ts";
import { readConfig } from "./dataset_index.ts";

/** Keeps other writers out until the file is closed. @throws SonospeechError `locked`. */
export async function takeLock(path: string): Promise<Deno.FsFile> {
  const lock = await Deno.open(datasetPaths.lock(path), { create: true, write: true });
  if (await lock.tryLock(true)) return lock;
  lock.close();
  throw new SonospeechError("locked", {
    action: "prepare the dataset",
    must: "no other prepare may be writing to the same folder",
    hint: "Wait until it is done, or choose another --out.",
  });
}

/** @throws SonospeechError `store` when the folder holds something that is no dataset. */
export async function refuseForeignFolder(path: string): Promise<void> {
  const ours = new Set(["dataset.json", "prepare.lock"]);
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  if (names.length === 0 || names.some((name) => ours.has(name))) return;
  throw new SonospeechError("store", {
    action: `prepare the dataset ${path}`,
    must: "the folder must be empty or hold a dataset",
    received: names[0],
    hint: "Choose another --out.",
    publicMessage: "Cannot prepare the dataset: the folder must be empty or hold a dataset",
  });
}

/**
 * Writes the settings down, or compares them.
 *
 * @param keyCheck Tells which key made the pseudonyms; one subject under two names would be in two splits.
 * @throws SonospeechError `config` when the dataset has others.
 */
export async function settleConfig(path: string, config: PrepareConfig, keyCheck?: string): Promise<void> {
  const file = datasetPaths.manifest(path);
  const exists = await Deno.stat(file).catch(() => null);
  if (!exists) return writeJsonAtomic(file, { formatVersion, config, pseudonymKeyCheck: keyCheck ?? null });
  const known = readConfig(path);
  const { pseudonymKeyCheck = null } = JSON.parse(await Deno.readTextFile(file));
  if (pseudonymKeyCheck !== (keyCheck ?? null)) {
    throw new SonospeechError("config", {
      action: "go on with the dataset",
      must: pseudonymKeyCheck === null
        ? "its subjects must keep their names: it was begun without --pseudonym-key"
        : "its subjects must keep their pseudonyms: --pseudonym-key must name the key it was begun with",
      received: keyCheck === undefined ? "no key" : "another key",
      hint: "Prepare into another --out.",
    });
  }
  const key = firstDifference(known, config);
  if (key === undefined) return;
  throw new SonospeechError("config", {
    action: "go on with the dataset",
    must: `its settings must stay the same, but ${key}`,
    hint: "Prepare into another --out, or delete the dataset first.",
  });
}

/** The first setting that differs, in words. */
function firstDifference(old: unknown, now: unknown, path = ""): string | undefined {
  if (JSON.stringify(old) === JSON.stringify(now)) return undefined;
  if (!isObject(old) || !isObject(now)) return `${path} was ${show(old)} and now is ${show(now)}`;
  for (const key of Object.keys({ ...old, ...now })) {
    const difference = firstDifference(old[key], now[key], path ? `${path}.${key}` : key);
    if (difference) return difference;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
