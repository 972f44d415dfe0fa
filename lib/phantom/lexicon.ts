/**
 * Spoken texts, each synthesised once a run.
 *
 * @module
 */

import { speak } from "./ffmpeg.ts";

/** A spoken text, silence cut off at both ends, at root mean square 1. */
export type Spoken = Float32Array;

/** Remembers what each voice has said; about 48 kB a second of speech. */
export class Lexicon {
  readonly #folder: string;
  readonly #spoken = new Map<string, Promise<Spoken>>();

  /** A lexicon that has nothing to say yet. @param folder An existing folder for short-lived files. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What a voice says, by text; what is new is spoken in batches. */
  async lookUp(voice: string, texts: Iterable<string>): Promise<Map<string, Spoken>> {
    const wanted = [...new Set(texts)];
    const missing = wanted.filter((text) => !this.#spoken.has(`${voice} ${text}`));
    const batch = missing.length > 0 ? speak(voice, missing, this.#folder) : Promise.resolve([]);
    missing.forEach((text, index) => {
      this.#spoken.set(`${voice} ${text}`, batch.then((all) => trim(all[index])));
    });
    const spoken = await Promise.all(wanted.map((text) => this.#spoken.get(`${voice} ${text}`)!));
    return new Map(wanted.map((text, index) => [text, spoken[index]]));
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
