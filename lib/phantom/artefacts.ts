/**
 * What no anatomy makes: poor contact, wandering shadows, reverberation, noise, and the machine's gain that hides
 * how bright the anatomy is.
 *
 * @module
 */

import type { Random } from "../random.ts";
import type { Sector } from "./sector.ts";

/** What disturbs the pictures of one scan. */
export class Artefacts {
  readonly #sector: Sector;
  readonly #contact: Float32Array;
  readonly #shadows: { place: number; width: number; strength: number; sway: number; period: number }[];
  /** Weakest signal of every row, dB: noise, and echoes between the probe and the abdominal wall. */
  readonly floor: Float32Array;
  /** Loss of every beam, dB, as of the last {@linkcode move}. */
  readonly loss: Float32Array;

  /** Draws them. @param strength 0 leaves only poor contact at the edges. */
  constructor(random: Random, sector: Sector, strength: number) {
    this.#sector = sector;
    this.#contact = contactLoss(random, sector.beams);
    this.loss = Float32Array.from(this.#contact);
    this.#shadows = Array.from({ length: strength > 0 ? random.integer(3) : 0 }, () => ({
      place: random.uniform(0.05, 0.95),
      width: random.uniform(0.02, 0.06),
      strength: strength * random.uniform(5, 12),
      sway: random.uniform(0, 0.1),
      period: random.uniform(5, 15),
    }));
    this.floor = strength > 0
      ? floorLevel(random, sector, strength)
      : new Float32Array(sector.rows).fill(-Infinity);
  }

  /** Moves the shadows to where they are at a time. */
  move(seconds: number): void {
    if (this.#shadows.length === 0) return;
    const { beams } = this.#sector;
    this.loss.set(this.#contact);
    for (const { place, width, strength, sway, period } of this.#shadows) {
      const middle = place + sway * Math.sin((2 * Math.PI * seconds) / period);
      for (let beam = 0; beam < beams; beam++) {
        const away = (beam / (beams - 1) - middle) / width;
        this.loss[beam] += strength * Math.exp(-0.5 * away * away);
      }
    }
  }
}

/** Beams at one or both edges are weak where the probe lifts off; all beams differ a little. */
function contactLoss(random: Random, beams: number): Float32Array {
  const [left, right] = [random.uniform(-0.1, 0.15), random.uniform(-0.1, 0.15)];
  const ripple = random.uniform(0, 2 * Math.PI);
  return Float32Array.from({ length: beams }, (_, beam) => {
    const place = beam / (beams - 1);
    const lift = Math.max(0, left - place, place - (1 - right));
    return 130 * lift + 1.2 * Math.sin(23 * place + ripple) + 0.8 * Math.sin(51 * place - ripple);
  });
}

/** Noise that grows with depth, as the machine amplifies late echoes, and arcs that fade with each round trip. */
function floorLevel(random: Random, { rows, rowStep }: Sector, strength: number): Float32Array {
  const noise = -36 + strength * random.uniform(0, 7), rise = strength * random.uniform(0, 10);
  const gap = random.uniform(1.2, 2.4),
    echo = strength * random.uniform(-18, -6),
    fade = random.uniform(3, 6);
  return Float32Array.from({ length: rows }, (_, row) => {
    const trips = (row * rowStep) / gap, away = (trips - Math.round(trips)) * gap;
    const arc = trips < 0.5 ? -Infinity : echo - fade * Math.round(trips) - 30 * Math.abs(away / 0.15);
    return Math.max(noise + (rise * row) / rows, arc);
  });
}

const binWidth = 4, lowest = -512, bins = 320;

/**
 * Finds what must be added to all grey values so that their mean after clamping to 0…255 is `target`.
 *
 * The mean rises with the offset, so it is found by halving, on a histogram.
 *
 * @param grid Grey values [rows · beams] before clamping.
 * @param weights How much each of them counts, [rows · beams].
 */
export function offsetToMean(grid: Float32Array, weights: Float32Array, target: number): number {
  const histogram = new Float64Array(bins);
  let total = 0;
  for (let i = 0; i < grid.length; i++) {
    total += weights[i];
    const bin = (grid[i] - lowest) / binWidth;
    histogram[bin < 0 ? 0 : bin >= bins ? bins - 1 : bin | 0] += weights[i];
  }
  let [low, high] = [-255, 255];
  for (let turn = 0; turn < 12; turn++) {
    const offset = (low + high) / 2;
    let sum = 0;
    for (let bin = 0; bin < bins; bin++) {
      const grey = lowest + binWidth * (bin + 0.5) + offset;
      sum += histogram[bin] * (grey < 0 ? 0 : grey > 255 ? 255 : grey);
    }
    if (sum < target * total) low = offset;
    else high = offset;
  }
  return (low + high) / 2;
}
