/**
 * The settings of a set of narrated synthetic scans.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { planeNames } from "./anatomy.ts";
import { difficulties, type Difficulty, difficultyNames } from "./difficulty.ts";

/** The flite voices that narrate. */
export const voiceNames = ["kal", "slt", "awb", "rms"] as const;

/**
 * What {@linkcode generatePhantom} makes. Whatever is left out takes its value from {@linkcode phantomDefaults};
 * `relatedShare`, `lagSeconds`, `wordings` and `planes` take theirs from the difficulty.
 */
export interface PhantomOptions {
  /**
   * `easy`: nine planes that differ at a glance, talked about most of the time; `standard`: the paper's thirteen
   * planes and background, loosely talked about; `hard`: the same with more of everything that disturbs.
   */
  difficulty?: Difficulty;
  /** Everything follows from it; a whole number from 0. */
  seed?: number;
  /** Number of subjects, 1 to 9999. */
  subjects?: number;
  /** Scans of each subject, 1 to 99. */
  scansPerSubject?: number;
  /** Length of a scan in seconds, 2 to 7200. */
  secondsPerScan?: number;
  /** Frames a second, 1 to 60. */
  frameRate?: number;
  /** Height and width of the pictures in pixels, even, 48 to 1080. */
  frameSize?: readonly [number, number];
  /** Share of the utterances that name what is seen, 0 to 1; the others are small talk. */
  relatedShare?: number;
  /** Range of seconds by which an utterance follows what it names; negative is ahead of it; −10 to 10. */
  lagSeconds?: readonly [number, number];
  /** At most how many different wordings a plane has, 1 to 20; fewer are easier to learn from little. */
  wordings?: number;
  /** Which planes are visited, of {@linkcode planeNames}. */
  planes?: readonly string[];
  /** Which voices speak, of {@linkcode voiceNames}; a subject has one of them. */
  voices?: readonly string[];
}

/** All settings, none left out. */
export type ResolvedPhantomOptions = Readonly<Required<PhantomOptions>>;

/** What is made when nothing is asked for. */
export const phantomDefaults: ResolvedPhantomOptions = {
  difficulty: "standard",
  seed: 1,
  subjects: 24,
  scansPerSubject: 1,
  secondsPerScan: 60,
  frameRate: 30,
  frameSize: [168, 224],
  ...defaultsOf("standard"),
  voices: voiceNames,
};

/** The options that a difficulty has values of its own for. */
export function defaultsOf(difficulty: Difficulty) {
  const { relatedShare, lagSeconds, wordings, planes } = difficulties[difficulty];
  return { relatedShare, lagSeconds, wordings, planes };
}

function refuse(must: string, received: unknown): never {
  throw new SonospeechError("usage", { action: "make narrated synthetic scans", must, received });
}

function requireNumber(name: string, value: number, low: number, high: number, whole = false): void {
  if (!(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
    refuse(`${name} must be a ${whole ? "whole " : ""}number from ${low} to ${high}`, value);
  }
}

function requireNames(name: string, values: readonly string[], known: readonly string[]): void {
  if (values.length === 0) refuse(`${name} must name at least one of ${known.join(", ")}`, values);
  const odd = values.find((value, index) => !known.includes(value) || values.indexOf(value) !== index);
  if (odd !== undefined) refuse(`${name} must be different ones of ${known.join(", ")}`, odd);
}

/**
 * Fills in the defaults and refuses what cannot be made.
 *
 * @throws SonospeechError `usage` naming the option when a value is out of range or unknown.
 */
export function resolvePhantomOptions(options: PhantomOptions = {}): ResolvedPhantomOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.find(([key]) => !Object.hasOwn(phantomDefaults, key));
  if (unknown) refuse(`options must be ones of ${Object.keys(phantomDefaults).join(", ")}`, unknown[0]);
  const difficulty = options.difficulty ?? phantomDefaults.difficulty;
  requireNames("difficulty", [difficulty], difficultyNames);
  const resolved = {
    ...phantomDefaults,
    ...defaultsOf(difficulty),
    ...Object.fromEntries(given),
  } as ResolvedPhantomOptions;
  requireNumber("seed", resolved.seed, 0, Number.MAX_SAFE_INTEGER, true);
  requireNumber("subjects", resolved.subjects, 1, 9999, true);
  requireNumber("scansPerSubject", resolved.scansPerSubject, 1, 99, true);
  requireNumber("secondsPerScan", resolved.secondsPerScan, 2, 7200);
  requireNumber("frameRate", resolved.frameRate, 1, 60);
  requireNumber("relatedShare", resolved.relatedShare, 0, 1);
  requireNumber("wordings", resolved.wordings, 1, 20, true);
  const { frameSize, lagSeconds } = resolved;
  if (frameSize.length !== 2 || frameSize.some((n) => !(n >= 48 && n <= 1080 && n % 2 === 0))) {
    refuse("frameSize must be an even height and width from 48 to 1080 pixels", frameSize);
  }
  if (
    lagSeconds.length !== 2 || !(lagSeconds[0] <= lagSeconds[1]) || lagSeconds.some((n) => Math.abs(n) > 10)
  ) {
    refuse("lagSeconds must be a range between -10 and 10, the smaller number first", lagSeconds);
  }
  requireNames("planes", resolved.planes, planeNames);
  requireNames("voices", resolved.voices, voiceNames);
  return resolved;
}
