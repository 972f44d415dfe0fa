/**
 * What stands between the files of patients and a dataset, for all scans of one call: their masks, their pseudonyms.
 *
 * @module
 */

import { relative, resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import { digestValues } from "./content_hash.ts";
import { type MaskedScan, masksLike } from "./known_masks.ts";
import type { ScanItem } from "./manifest.ts";
import { type MaskTemplate, readMaskTemplate, requireTellable } from "./mask_template.ts";
import { openPseudonyms, type Pseudonyms } from "./pseudonyms.ts";
import type { MaskChoice } from "./sector_gate.ts";

/** What is asked for. */
export interface GateOptions {
  /** Files of masks, each for pictures of another size. */
  masks?: readonly string[];
  /** Scans of another dataset whose masks hold here, too, where no file of masks is for that size. */
  like?: readonly MaskedScan[];
  /** File of the key of pseudonyms. */
  pseudonymKey?: string;
}

/** All that scans must pass. */
export interface PrepareGate {
  /** The scans, their subjects by pseudonym where there is a key. Their names and paths are still those of the files. */
  items: readonly ScanItem[];
  /** Missing when names are kept. */
  pseudonyms?: Pseudonyms;
  /** What deserves a word. */
  warnings: readonly string[];
  /** The masks for a scan. */
  masksOf(item: ScanItem): MaskChoice;
}

/**
 * Reads masks and key.
 *
 * @param out The dataset's folder, which the key must not lie in.
 * @throws SonospeechError `input` when one of the files is not valid.
 */
export async function openGate(
  items: readonly ScanItem[],
  out: string,
  { masks = [], like, pseudonymKey }: GateOptions,
): Promise<PrepareGate> {
  const others = await Promise.all(masks.map((path) => readMaskTemplate(path)));
  requireTellable(others);
  const own = new Map<string, MaskTemplate>();
  for (const { mask } of items) if (mask && !own.has(mask)) own.set(mask, await readMaskTemplate(mask));
  const choice: MaskChoice = like ? masksLike(like, others) : { others };
  const masksOf = ({ mask }: ScanItem) => mask ? { own: own.get(mask)! } : choice;
  if (pseudonymKey === undefined) return { items, warnings: [], masksOf };
  refuseKeyInside(out, pseudonymKey);
  const { pseudonyms, isNew } = await openPseudonyms(pseudonymKey);
  const warnings = isNew
    ? [
      "the key of the pseudonyms was made: keep it apart from the dataset, and keep it, for nobody can make it again",
    ]
    : [];
  const hidden = items.map((item) => ({ ...item, subject: pseudonyms.subject(item.subject) }));
  return { items: hidden, pseudonyms, warnings, masksOf };
}

/** Where a scan comes from, as a hash; with a key, nobody else can try out paths. */
export function sourceOf(item: ScanItem, pseudonyms?: Pseudonyms): string {
  const values = [item.video, item.speech ?? null, item.speechOffsetSeconds] as const;
  return pseudonyms ? pseudonyms.source(JSON.stringify(values)) : digestValues(...values);
}

function refuseKeyInside(out: string, key: string): void {
  if (relative(resolve(out), resolve(key)).startsWith("..")) return;
  throw new SonospeechError("input", {
    action: "use the pseudonym key",
    must: "it must not lie in the dataset's folder: who gets the dataset would get the key",
    hint: "Name a file in a private folder.",
  });
}
