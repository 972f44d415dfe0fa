/**
 * What is said during a scan, and when.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { background, planeNamed } from "./anatomy.ts";
import type { Segment } from "./itinerary.ts";

/** What is said that has nothing to do with the picture. */
export const smallTalk: readonly string[] = [
  "did you find a parking space today",
  "it is raining again outside",
  "is the room warm enough for you",
  "sorry the gel is a little cold",
  "have you been waiting long",
  "what are you doing at the weekend",
  "is this your first time here",
  "just relax and breathe normally",
  "let me know if that is uncomfortable",
  "my colleague will be back after lunch",
  "the printer is out of paper again",
  "did you have a good holiday",
  "could you turn a little to the left",
  "have you thought about names yet",
  "the traffic was terrible this morning",
  "would you like some tissue paper",
  "your partner can sit over there",
  "one moment please",
  "let me just write that down",
  "we will be finished soon",
  "how long was your journey",
  "the coffee downstairs is quite good",
  "please lift your shirt a bit higher",
  "now we will turn the lights down",
];

/** Something that is to be said. */
export interface Draft {
  /** The moment it is about, seconds. */
  aboutSeconds: number;
  /** When it should begin, seconds. */
  startSeconds: number;
  /** The words. */
  text: string;
  /** The plane it names; null in small talk. */
  plane: string | null;
}

/** Something that is said; times in seconds from the scan's start. */
export interface Utterance {
  /** When it begins. */
  startSeconds: number;
  /** When it ends. */
  endSeconds: number;
  /** The words. */
  text: string;
  /** The flite voice. */
  voice: string;
  /** Whether it names a plane. */
  isRelated: boolean;
  /** The plane it names; null in small talk. */
  plane: string | null;
  /** How long after the moment it is about it begins, negative when it is ahead; null in small talk. */
  lagSeconds: number | null;
}

/** How a scan is narrated. */
export interface NarrationStyle {
  /** Share of related utterances. */
  relatedShare: number;
  /** Range of the lag of related utterances. */
  lagSeconds: readonly [number, number];
  /** At most this many different wordings of each plane. */
  wordings: number;
}

const betweenSeconds = [1.7, 3] as const;
const quietShare = 0.12, quietSeconds = [3, 6] as const;

/** Deals out items in random order, all of them before one comes again. */
function dealer<T>(random: Random, items: readonly T[]): () => T {
  let hand: T[] = [];
  return () => {
    if (hand.length === 0) hand = random.shuffle(items);
    return hand.pop()!;
  };
}

/** Decides what is said about each visit; in the order of `startSeconds`. */
export function draftNarration(random: Random, segments: readonly Segment[], style: NarrationStyle): Draft[] {
  const chat = dealer(random, smallTalk);
  const wordings = new Map(
    segments.filter(({ plane }) => plane !== background).map(({ plane }) =>
      [plane, dealer(random, planeNamed(plane).wordings.slice(0, style.wordings))] as const
    ),
  );
  const drafts: Draft[] = [];
  for (const { startSeconds, endSeconds, plane } of segments) {
    const wording = wordings.get(plane);
    if (!wording) continue;
    let about = startSeconds + random.uniform(0.1, 1);
    while (about < endSeconds - 0.5) {
      const isRelated = random.uniform() < style.relatedShare;
      const lag = isRelated ? random.uniform(...style.lagSeconds) : 0;
      const text = isRelated ? wording() : chat();
      drafts.push({ aboutSeconds: about, startSeconds: about + lag, text, plane: isRelated ? plane : null });
      about += random.uniform(...betweenSeconds);
      if (random.uniform() < quietShare) about += random.uniform(...quietSeconds);
    }
  }
  return drafts.sort((a, b) => a.startSeconds - b.startSeconds);
}

/**
 * Gives each draft its place: nobody talks over themselves, and whatever would come later than its range of lags
 * or after the scan's end is left unsaid.
 *
 * @param durationOf Length of a spoken text, seconds.
 * @param seconds Length of the scan.
 */
export function placeNarration(
  drafts: readonly Draft[],
  durationOf: (text: string) => number,
  seconds: number,
  voice: string,
  style: NarrationStyle,
): Utterance[] {
  const latest = { related: style.lagSeconds[1], chat: 1.5 };
  const utterances: Utterance[] = [];
  for (const { aboutSeconds, startSeconds: wanted, text, plane } of drafts) {
    const free = (utterances.at(-1)?.endSeconds ?? -0.12) + 0.12;
    const startSeconds = Math.max(wanted, free);
    const endSeconds = startSeconds + durationOf(text);
    const lagSeconds = startSeconds - aboutSeconds, isRelated = plane !== null;
    if (lagSeconds > (isRelated ? latest.related : latest.chat) || endSeconds > seconds) continue;
    utterances.push({
      startSeconds,
      endSeconds,
      text,
      voice,
      isRelated,
      plane,
      lagSeconds: isRelated ? lagSeconds : null,
    });
  }
  return utterances;
}
