/**
 * The split of subjects into train, validation and test.
 *
 * A subject is wholly in one split, so that nothing of a patient seen in training is met again in an evaluation.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { SonospeechError } from "../errors.ts";
import { Random } from "../random.ts";

/** The three splits. */
export const splits = ["train", "validation", "test"] as const;

/** The part of the data a subject belongs to. */
export type Split = typeof splits[number];

/** A subject, with its split where one was asked for or fixed earlier. */
export interface SubjectRequest {
  /** The subject's name. */
  subject: string;
  /** The split it must go to. */
  split?: Split | null;
}

/** Shares of the subjects; what is left trains. */
export interface SplitShares {
  /** Share of the subjects that validate, 0 to 1. */
  validationShare: number;
  /** Share of the subjects that test, 0 to 1. */
  testShare: number;
}

/**
 * Assigns every subject to one split.
 *
 * Requested splits hold. The others are shuffled by the seed and fill test, then validation, up to their shares
 * (rounded); with three or more subjects each of the two gets at least one while its share is positive, and train
 * always keeps one. With two subjects one trains and one tests, a single one trains. The result depends neither on
 * the order of the requests nor on repetitions.
 *
 * @throws SonospeechError `input` when one subject is requested for two splits.
 */
export function assignSplits(
  requests: readonly SubjectRequest[],
  shares: SplitShares,
  seed: number,
): Map<string, Split> {
  const assigned = collectRequests(requests);
  const all = [...assigned.keys()].sort();
  const free = new Random(seed, "split").shuffle(all.filter((subject) => assigned.get(subject) === null));
  const filled = (split: Split) => all.filter((subject) => assigned.get(subject) === split).length;
  for (const [split, wanted] of Object.entries(wantedCounts(all.length, shares)) as ["test", number][]) {
    while (filled(split) < wanted && free.length > (filled("train") > 0 ? 0 : 1)) {
      assigned.set(free.pop()!, split);
    }
  }
  return new Map(all.map((subject) => [subject, assigned.get(subject) ?? "train"]));
}

function collectRequests(requests: readonly SubjectRequest[]): Map<string, Split | null> {
  const requested = new Map<string, Split | null>();
  for (const { subject, split = null } of requests) {
    const earlier = requested.get(subject) ?? null;
    if (earlier !== null && split !== null && earlier !== split) {
      throw new SonospeechError("input", {
        action: "split the subjects",
        must: `a subject must be in one split only, but "${subject}" is asked for in ${earlier} and ${split}`,
        hint: "Give all scans of a subject the same split, or leave the column empty.",
        publicMessage: "Cannot split the subjects: a subject must be in one split only",
      });
    }
    requested.set(subject, earlier ?? split);
  }
  return requested;
}

function wantedCounts(subjects: number, shares: SplitShares): { test: number; validation: number } {
  const wanted = (share: number) => share === 0 ? 0 : Math.max(1, Math.round(share * subjects));
  if (subjects < 2) return { test: 0, validation: 0 };
  if (subjects === 2) return { test: wanted(shares.testShare), validation: 0 };
  return { test: wanted(shares.testShare), validation: wanted(shares.validationShare) };
}

/** A record of who is where, which later readers can check. */
export interface SplitRecord {
  /** Seed of the shuffle. */
  seed: number;
  /** The shares that were asked for. */
  shares: SplitShares;
  /** For each split its sorted subjects and the SHA-256 of their JSON array. */
  splits: Record<Split, { subjects: string[]; sha256: string }>;
}

/** Writes down a split so that any change to it shows. */
export function splitRecord(
  assigned: ReadonlyMap<string, Split>,
  shares: SplitShares,
  seed: number,
): SplitRecord {
  const part = (split: Split) => {
    const subjects = [...assigned.keys()].filter((subject) => assigned.get(subject) === split).sort();
    return { subjects, sha256: createHash("sha256").update(JSON.stringify(subjects)).digest("hex") };
  };
  const { validationShare, testShare } = shares;
  return {
    seed,
    shares: { validationShare, testShare },
    splits: { train: part("train"), validation: part("validation"), test: part("test") },
  };
}

/** A subject's name as a run remembers it: the first 64 bits of its SHA-256, hexadecimal. */
export function subjectDigest(subject: string): string {
  return createHash("sha256").update(subject).digest("hex").slice(0, 16);
}
