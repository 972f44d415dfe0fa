/**
 * Spoken texts, each synthesised once a run.
 *
 * @module
 */

import { sampleRate, speak } from "./ffmpeg.ts";

/** A spoken text, silence cut off at both ends, at root mean square 1. */
export type Spoken = Float32Array;

/** Something to say, and how. */
export interface Phrase {
  /** The flite voice. */
  voice: string;
  /** Speed at the same pitch. */
  tempo: number;
  /** The words. */
  text: string;
}

/** Finds what was spoken: equal phrases have equal keys. */
export function phraseKey({ voice, tempo, text }: Phrase): string {
  return `${voice} ${tempo} ${text}`;
}

/** At most about 230 MB of speech is remembered; what was said first is forgotten first. */
const mostSamples = 40 * 60 * sampleRate;

/** Remembers what has been said; about 96 kB a second of speech. */
export class Lexicon {
  readonly #folder: string;
  readonly #limit: number;
  readonly #spoken = new Map<string, Promise<Spoken>>();
  #samples = 0;

  /**
   * A lexicon that has nothing to say yet.
   *
   * @param folder An existing folder for short-lived files.
   * @param limit Samples that are remembered; what is needed at once may be more.
   */
  constructor(folder: string, limit = mostSamples) {
    this.#folder = folder;
    this.#limit = limit;
  }

  /** What is said, by {@linkcode phraseKey}; what is new is spoken in batches. */
  async lookUp(phrases: Iterable<Phrase>): Promise<Map<string, Spoken>> {
    const wanted = new Map(Array.from(phrases, (phrase) => [phraseKey(phrase), phrase]));
    const missing = [...wanted].filter(([key]) => !this.#spoken.has(key));
    const manners = Map.groupBy(missing, ([, { voice, tempo }]) => `${voice} ${tempo}`);
    for (const batch of manners.values()) this.#speak(batch);
    const entries = [...wanted.keys()].map(async (key) => [key, await this.#spoken.get(key)!] as const);
    // All of them, although one may fail: who is told of a failure may take the folder away.
    await Promise.allSettled(entries);
    const spoken = new Map(await Promise.all(entries));
    for (const [key] of missing) this.#samples += spoken.get(key)!.length;
    await this.#forget();
    return spoken;
  }

  #speak(batch: readonly [string, Phrase][]): void {
    const [, { voice, tempo }] = batch[0];
    const all = speak({ voice, tempo }, batch.map(([, { text }]) => text), this.#folder);
    batch.forEach(([key], index) => this.#spoken.set(key, all.then((pcm) => trim(pcm[index]))));
  }

  async #forget(): Promise<void> {
    for (const [key, speech] of this.#spoken) {
      if (this.#samples <= this.#limit) return;
      this.#spoken.delete(key);
      this.#samples -= (await speech).length;
    }
  }
}

/** Cuts off what is quieter than a fiftieth of the peak at both ends, and scales to root mean square 1. */
function trim(pcm: Int16Array): Spoken {
  const peak = pcm.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const loud = (value: number) => Math.abs(value) > peak / 50;
  const speech = Float32Array.from(pcm.subarray(pcm.findIndex(loud), pcm.findLastIndex(loud) + 1));
  const power = speech.reduce((sum, value) => sum + value * value, 0) / Math.max(1, speech.length);
  return speech.map((value) => value / Math.sqrt(power || 1));
}
