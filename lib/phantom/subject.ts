/**
 * What differs between subjects: the body, the machine's settings and the voice.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { difficulties, type DifficultySettings } from "./difficulty.ts";
import type { SectorForm } from "./sector.ts";

/** A patient, the people who talk, and the machine's settings, the same in all of the subject's scans. */
export interface Subject {
  /** As `s0001`. */
  name: string;
  /** The probe's fan. */
  sector: SectorForm;
  /** Correlation length of speckle relative to the usual. */
  grain: number;
  /** Overall gain, dB. */
  gain: number;
  /** dB lost from top to bottom although the machine makes up for depth. */
  fade: number;
  /** dB from black to white. */
  dynamicRange: number;
  /** dB by which tissue is uneven. */
  lumpiness: number;
  /** Thickness of the abdominal wall, cm. */
  wall: number;
  /** Echo of the abdominal wall, dB. */
  wallEcho: number;
  /** Direction of the placenta from the middle of the womb, radians; 0 is right, −π/2 is towards the probe. */
  placentaAngle: number;
  /** Half axes of the amniotic fluid, as shares of the depth. */
  fluid: readonly [number, number];
  /** Size of the fetus relative to the usual. */
  size: number;
  /** Heart beats a minute. */
  heartRate: number;
  /** The operator, and whoever else is in the room. */
  speakers: readonly Speaker[];
}

/** Somebody who speaks. */
export interface Speaker {
  /** The flite voice. */
  voice: string;
  /** Speed at the same pitch, relative to flite's. */
  tempo: number;
  /** Pitch, which speeds speech up as well; the rate of speech is tempo × pitch. */
  pitch: number;
}

function drawSpeaker(random: Random, voices: readonly string[], settings: DifficultySettings): Speaker {
  return {
    voice: random.pick(voices),
    tempo: random.pick(settings.tempos),
    pitch: random.uniform(...settings.pitch),
  };
}

/** Draws a subject. @param settings How far subjects differ, and how they are spoken to. */
export function drawSubject(
  random: Random,
  name: string,
  voices: readonly string[],
  settings: DifficultySettings = difficulties.easy,
): Subject {
  /** Between the two numbers, or as much further out as subjects differ. */
  const draw = (low: number, high: number, spread = settings.spread) =>
    (low + high) / 2 + ((high - low) / 2) * spread * random.uniform(-1, 1);
  return {
    name,
    sector: { depth: draw(11, 15), radius: draw(4, 6), halfAngle: draw(0.5, 0.62) },
    grain: draw(0.8, 1.35),
    gain: draw(-4, 4),
    fade: draw(2, 11),
    dynamicRange: draw(46, 60),
    lumpiness: draw(1, 2.5),
    wall: draw(1, 2.2),
    wallEcho: draw(-5, 2),
    placentaAngle: random.uniform(-Math.PI, Math.PI),
    fluid: [draw(0.46, 0.68), draw(0.31, 0.4)],
    size: draw(0.85, 1.15),
    heartRate: draw(130, 160, 1),
    speakers: [1, 2].map(() => drawSpeaker(random, voices, settings)),
  };
}
