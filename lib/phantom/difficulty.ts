/**
 * How hard the scans are: which planes are told apart, how loosely speech follows the picture, and how much differs
 * between subjects for reasons that have nothing to do with anatomy.
 *
 * @module
 */

import { easyPlaneNames, standardPlaneNames } from "./anatomy.ts";

/** The presets. */
export const difficultyNames = ["easy", "standard", "hard"] as const;

/** One of {@linkcode difficultyNames}. */
export type Difficulty = typeof difficultyNames[number];

/** The lowest and the highest of something. */
export type Range = readonly [number, number];

/** What a preset sets; the first four are defaults of the options of the same names. */
export interface DifficultySettings {
  /** The planes that are visited. */
  planes: readonly string[];
  /** Share of the utterances that name a plane. */
  relatedShare: number;
  /** Range of the lag of related utterances. */
  lagSeconds: Range;
  /** At most this many wordings of each plane. */
  wordings: number;
  /** Length of a visit to a plane. */
  dwellSeconds: Range;
  /** Length of a stretch of background. */
  sweepSeconds: Range;
  /** Whether background shows other scenes and is talked in; otherwise it is a short silent sweep. */
  searches: boolean;
  /** How far subjects differ, as a multiple of the easy scans' ranges. */
  spread: number;
  /** Share of the utterances that a second person says, whatever they are about. */
  guestShare: number;
  /** Speeds of speech at the same pitch. */
  tempos: readonly number[];
  /** Pitch, which also speeds speech up. */
  pitch: Range;
  /** How often the picture stands still. */
  freezesPerMinute: number;
  /** Mean grey value that the machine keeps to within a scan, whatever is seen; null leaves it to anatomy. */
  greyLevel: Range | null;
  /** Strength of shadows, reverberation and noise; 0 is none. */
  artefacts: number;
}

const easy: DifficultySettings = {
  planes: easyPlaneNames,
  relatedShare: 0.8,
  lagSeconds: [-1, 1.5],
  wordings: 20,
  dwellSeconds: [6, 12],
  sweepSeconds: [0.6, 1.2],
  searches: false,
  spread: 1,
  guestShare: 0,
  tempos: [1],
  pitch: [0.92, 1.08],
  freezesPerMinute: 0,
  greyLevel: null,
  artefacts: 0,
};

const standard: DifficultySettings = {
  planes: standardPlaneNames,
  relatedShare: 0.4,
  lagSeconds: [-3, 3],
  wordings: 20,
  dwellSeconds: [5, 10],
  sweepSeconds: [3.5, 7],
  searches: true,
  spread: 1.4,
  guestShare: 0.15,
  tempos: [0.85, 1, 1.2],
  pitch: [0.85, 1.18],
  freezesPerMinute: 2,
  greyLevel: [34, 68],
  artefacts: 1,
};

/** The settings of each preset: `easy` is for learning from little, `standard` for comparing methods. */
export const difficulties: Readonly<Record<Difficulty, DifficultySettings>> = {
  easy,
  standard,
  hard: {
    ...standard,
    relatedShare: 0.25,
    lagSeconds: [-5, 5],
    dwellSeconds: [4, 7],
    sweepSeconds: [4, 9],
    spread: 1.8,
    guestShare: 0.3,
    freezesPerMinute: 3,
    artefacts: 1.7,
  },
};
