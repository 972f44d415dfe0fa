/**
 * What is said during a scan, and when.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { background, planeNamed } from "./anatomy.ts";
import type { DifficultySettings } from "./difficulty.ts";
import type { Segment } from "./itinerary.ts";
import type { Speaker } from "./subject.ts";

/** What is said that has nothing to do with the picture. */
export const smallTalk: readonly string[] = [
  "did you find a parking space today",
  "it rains again outside",
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
  "the traffic was really terrible this morning",
  "would you like some tissue paper",
  "your partner can sit over there",
  "one moment please",
  "let me write that",
  "we will be finished soon",
  "how long was your journey",
  "the coffee downstairs is quite good",
  "please lift your shirt a little bit higher up",
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
  /** Who is to say it. */
  speaker: Speaker;
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
  /** Speed at the same pitch, relative to flite's. */
  tempo: number;
  /** Pitch, which speeds speech up as well. */
  pitch: number;
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
  /** Whether background is talked in. */
  searches: DifficultySettings["searches"];
  /** Share of the utterances of the second speaker. */
  guestShare: number;
}

const betweenSeconds = [1.7, 3] as const;
const quietShare = 0.12, quietSeconds = [3, 6] as const;

/** Letters of a text of usual length, and how far from its own tempo a voice goes for others. */
const usualLength = 30, tempoRange = [0.75, 1.35] as const;

/**
 * Long texts are spoken faster, so that all take about as long: otherwise how much of a window is speech would tell
 * what is talked about.
 */
function inTime(speaker: Speaker, text: string): Speaker {
  const [slowest, fastest] = tempoRange;
  const pace = Math.min(fastest, Math.max(slowest, text.length / usualLength));
  // A text is spoken once for each tempo: few steps are enough.
  return { ...speaker, tempo: Math.round(20 * speaker.tempo * pace) / 20 };
}

/** Deals out items in random order, all of them before one comes again. */
function dealer<T>(random: Random, items: readonly T[]): () => T {
  let hand: T[] = [];
  return () => {
    if (hand.length === 0) hand = random.shuffle(items);
    return hand.pop()!;
  };
}

/**
 * The chance that an utterance during a visit is about it: higher than the related share where the talk during
 * searches, which is about nothing that is seen, takes its part of the utterances.
 */
function chanceOfRelated(segments: readonly Segment[], { relatedShare, searches }: NarrationStyle): number {
  if (!searches) return relatedShare;
  const length = (part: readonly Segment[]) =>
    part.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  const visited = length(segments.filter(({ plane }) => plane !== background));
  return Math.min(1, (relatedShare * length(segments)) / Math.max(visited, 1e-9));
}

/**
 * Decides what is said about each visit, and during searches; in the order of `startSeconds`.
 *
 * Who speaks is drawn without regard to what is said.
 */
export function draftNarration(
  random: Random,
  segments: readonly Segment[],
  speakers: readonly Speaker[],
  style: NarrationStyle,
): Draft[] {
  const chance = chanceOfRelated(segments, style);
  const chat = dealer(random, smallTalk);
  const wordings = new Map(
    segments.filter(({ plane }) => plane !== background).map(({ plane }) =>
      [plane, dealer(random, planeNamed(plane).wordings.slice(0, style.wordings))] as const
    ),
  );
  const drafts: Draft[] = [];
  for (const { startSeconds, endSeconds, plane } of segments) {
    const wording = wordings.get(plane);
    if (!wording && !style.searches) continue;
    let about = startSeconds + random.uniform(0.1, 1);
    while (about < endSeconds - 0.5) {
      const related = random.uniform() < chance ? wording : undefined;
      const lag = related ? random.uniform(...style.lagSeconds) : 0;
      const speaker = speakers[random.uniform() < style.guestShare ? 1 : 0];
      const text = related ? related() : chat();
      const said = { text, plane: related ? plane : null, speaker: inTime(speaker, text) };
      drafts.push({ aboutSeconds: about, startSeconds: about + lag, ...said });
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
 * @param durationOf Length of what is spoken, seconds.
 * @param seconds Length of the scan.
 */
export function placeNarration(
  drafts: readonly Draft[],
  durationOf: (draft: Draft) => number,
  seconds: number,
  style: NarrationStyle,
): Utterance[] {
  const latest = { related: style.lagSeconds[1], chat: 1.5 };
  const utterances: Utterance[] = [];
  for (const draft of drafts) {
    const { aboutSeconds, startSeconds: wanted, text, plane, speaker } = draft;
    const free = (utterances.at(-1)?.endSeconds ?? -0.12) + 0.12;
    const startSeconds = Math.max(wanted, free);
    const endSeconds = startSeconds + durationOf(draft);
    const lagSeconds = startSeconds - aboutSeconds, isRelated = plane !== null;
    if (lagSeconds > (isRelated ? latest.related : latest.chat) || endSeconds > seconds) continue;
    utterances.push({
      startSeconds,
      endSeconds,
      text,
      ...speaker,
      isRelated,
      plane,
      lagSeconds: isRelated ? lagSeconds : null,
    });
  }
  return utterances;
}
