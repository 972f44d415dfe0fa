/**
 * What the microphone hears: speech in a room, the room's own noise, key clicks and the machine's beeps.
 *
 * @module
 */

import { Random } from "../random.ts";
import { sampleRate } from "./ffmpeg.ts";
import { phraseKey, type Spoken } from "./lexicon.ts";
import type { Utterance } from "./narration.ts";

/** A noise that is not speech. */
export interface NoiseEvent {
  /** A key or the machine. */
  kind: "click" | "beep";
  /** When it begins, seconds from the scan's start. */
  startSeconds: number;
  /** When it ends. */
  endSeconds: number;
  /** Hz. */
  frequency: number;
  /** Peak, where 1 is the loudest a file can hold. */
  amplitude: number;
}

/** How loud things are, and how the room answers. */
export interface Room {
  /** Root mean square of speech, dB of full scale. */
  speechDb: number;
  /** Root mean square of the room's noise, dB of full scale. */
  noiseDb: number;
  /** Echoes of the walls: delay in seconds and gain. */
  echoes: readonly (readonly [number, number])[];
}

/** Draws a room. */
export function drawRoom(random: Random): Room {
  return {
    speechDb: random.uniform(-30, -22),
    noiseDb: random.uniform(-56, -42),
    echoes: [0.011, 0.023, 0.041].map((
      delay,
    ) => [delay * random.uniform(0.8, 1.25), random.uniform(0.08, 0.25)]),
  };
}

/**
 * Decides on clicks and beeps: a run of keys every few seconds, sometimes with a beep, at any time alike, so that
 * they say nothing of what is seen.
 */
export function planNoise(random: Random, seconds: number): NoiseEvent[] {
  const events: NoiseEvent[] = [];
  for (let time = random.uniform(0, 8); time < seconds - 0.5; time += random.uniform(2, 11)) {
    for (let keys = random.integer(6); keys > 0 && time < seconds - 0.5; keys--) {
      const click = { frequency: random.uniform(1500, 3800), amplitude: random.uniform(0.03, 0.2) };
      events.push({ kind: "click", startSeconds: time, endSeconds: time + 0.09, ...click });
      time += random.uniform(0.15, 0.5);
    }
    if (random.uniform() >= 0.4 || time >= seconds - 0.5) continue;
    const beep = {
      frequency: random.pick([880, 1000, 1320, 1760, 2000]),
      amplitude: random.uniform(0.02, 0.08),
    };
    const endSeconds = time + random.uniform(0.08, 0.3);
    events.push({ kind: "beep", startSeconds: time, endSeconds, ...beep });
  }
  return events;
}

/** What a soundtrack is mixed from. */
export interface SoundtrackOptions {
  /** Length of the scan. */
  seconds: number;
  /** What is said. */
  utterances: readonly Utterance[];
  /** Speech by phrase. */
  spoken: ReadonlyMap<string, Spoken>;
  /** Clicks and beeps. */
  noise: readonly NoiseEvent[];
  /** Levels and echoes. */
  room: Room;
  /** Source of the room's noise. */
  random: Random;
}

/** Mixes a scan's sound, one second of 16 bit samples at a time. */
export function* mixSoundtrack(options: SoundtrackOptions): Generator<Int16Array<ArrayBuffer>> {
  const total = Math.round(options.seconds * sampleRate);
  const pink = pinkNoise(options.random, 10 ** (options.room.noiseDb / 20));
  for (let from = 0; from < total; from += sampleRate) {
    const block = Float32Array.from({ length: Math.min(sampleRate, total - from) }, pink);
    for (const utterance of options.utterances) addSpeech(block, from, utterance, options);
    for (const event of options.noise) addNoise(block, from, event);
    yield Int16Array.from(block, (value) => Math.max(-32768, Math.min(32767, Math.round(32767 * value))));
  }
}

/**
 * A source of noise whose power falls with frequency, of about the given root mean square.
 *
 * @see Paul Kellet's economical pink noise filter: three leaky integrators and a direct path.
 */
function pinkNoise(random: Random, rms: number): () => number {
  let a = 0, b = 0, c = 0;
  const scale = rms / 1.68;
  return () => {
    const white = random.uniform(-1, 1);
    a = 0.99765 * a + 0.099046 * white;
    b = 0.963 * b + 0.2965164 * white;
    c = 0.57 * c + 1.0526913 * white;
    return scale * (a + b + c + 0.1848 * white);
  };
}

function addSpeech(
  block: Float32Array,
  from: number,
  utterance: Utterance,
  options: SoundtrackOptions,
): void {
  const { room, spoken } = options, { pitch } = utterance;
  const speech = spoken.get(phraseKey(utterance))!, gain = 10 ** (room.speechDb / 20);
  for (const [delay, echo] of [[0, 1], ...room.echoes]) {
    const start = Math.round((utterance.startSeconds + delay) * sampleRate) - from;
    const end = Math.min(block.length, start + Math.floor((speech.length - 1) / pitch));
    for (let i = Math.max(0, start); i < end; i++) {
      const at = (i - start) * pitch, left = Math.floor(at);
      block[i] += gain * echo * (speech[left] + (at - left) * (speech[left + 1] - speech[left]));
    }
  }
}

/** A click is a key going down and up, each a short ringing; a beep is a tone with soft ends. */
function addNoise(block: Float32Array, from: number, event: NoiseEvent): void {
  const start = Math.round(event.startSeconds * sampleRate) - from;
  const length = Math.round((event.endSeconds - event.startSeconds) * sampleRate);
  const end = Math.min(block.length, start + length);
  for (let i = Math.max(0, start); i < end; i++) {
    const t = (i - start) / sampleRate, left = (length - (i - start)) / sampleRate;
    const wave = Math.sin(2 * Math.PI * event.frequency * t);
    const up = t - 0.06;
    const envelope = event.kind === "click"
      ? Math.exp(-t / 0.004) + (up > 0 ? 0.5 * Math.exp(-up / 0.003) : 0)
      : Math.min(1, t / 0.005, left / 0.005);
    block[i] += event.amplitude * envelope * wave;
  }
}
