/**
 * What differs between subjects: the body, the machine's settings and the voice.
 *
 * @module
 */

import type { Random } from "../random.ts";
import type { SectorForm } from "./sector.ts";

/** A patient, the operator who scans and talks, and the machine's settings, the same in all of the subject's scans. */
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
  /** The flite voice of the operator. */
  voice: string;
  /** Speed and pitch of the voice relative to flite's. */
  pitch: number;
}

/** Draws a subject. */
export function drawSubject(random: Random, name: string, voices: readonly string[]): Subject {
  return {
    name,
    sector: {
      depth: random.uniform(11, 15),
      radius: random.uniform(4, 6),
      halfAngle: random.uniform(0.5, 0.62),
    },
    grain: random.uniform(0.8, 1.35),
    gain: random.uniform(-4, 4),
    fade: random.uniform(2, 11),
    dynamicRange: random.uniform(46, 60),
    lumpiness: random.uniform(1, 2.5),
    wall: random.uniform(1, 2.2),
    wallEcho: random.uniform(-5, 2),
    placentaAngle: random.uniform(-Math.PI, Math.PI),
    fluid: [random.uniform(0.46, 0.68), random.uniform(0.31, 0.4)],
    size: random.uniform(0.85, 1.15),
    heartRate: random.uniform(130, 160),
    voice: random.pick(voices),
    pitch: random.uniform(0.92, 1.08),
  };
}
