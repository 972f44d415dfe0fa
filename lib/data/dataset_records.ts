/**
 * What a dataset says of its scans, windows and inputs that were put aside.
 *
 * @module
 */

import type { CropBox, PictureSize } from "../media/crop.ts";
import type { ScanMask } from "./sector_gate.ts";
import type { Split } from "./split.ts";

/**
 * One recording that became windows.
 *
 * A scan's time axis begins where both its pictures and its speech exist for the first time, and ends where one of
 * them ends.
 */
export interface ScanRecord {
  /** As `s0001`; tells nothing about file or patient. */
  id: string;
  /** The subject as the manifest names it, or its pseudonym. */
  subject: string;
  /** The part of the data its subject belongs to. */
  split: Split;
  /** Time in which both pictures and speech exist, seconds; the last incomplete window is part of it. */
  durationSeconds: number;
  /** Whole windows that tile the scan. */
  windowCount: number;
  /** Stored frames: `windowCount · framesPerWindow`. */
  frameCount: number;
  /** Columns of the log-spectrogram. */
  columnCount: number;
  /** Samples of speech. */
  sampleCount: number;
  /** SHA-256 over the scan's bytes and the settings. */
  contentHash: string;
  /** The file's own name, without folders, or its pseudonym. It may name a patient: keep it on the machine. */
  sourceName: string;
  /** Where its time axis begins on the video's clock, whose zero is where a player starts it. */
  axisStartSeconds: number;
  /** Size of the video's pictures. */
  picture: PictureSize;
  /** What was kept of the picture, in its pixels. */
  crop: CropBox;
  /** Beside what sector the picture is black; missing where all of the crop was kept. */
  mask?: ScanMask;
  /** How much of its speech was taken out, seconds; missing for none. */
  bleepedSeconds?: number;
  /** Whether there is gaze on it. */
  hasGaze: boolean;
  /** What is worth knowing about how the scan, its labels and gaze were read. */
  notes: readonly string[];
}

/** One window (the paper's interval T); windows tile a scan. */
export interface WindowRecord {
  /** Stable over re-preparation of the same inputs, below 2³¹. */
  id: number;
  /** The scan it is part of. */
  scanId: string;
  /** The scan's subject. */
  subject: string;
  /** The part of the data its subject belongs to. */
  split: Split;
  /** Position in the scan, from 0. */
  index: number;
  /** Start on the scan's time axis. */
  startSeconds: number;
  /** Row of its first frame in the scan's frames. */
  firstFrame: number;
  /** Its number of frames, `framesPerWindow`. */
  frameCount: number;
  /** Share of the window's time that the energy detector calls voiced, 0 to 1. */
  voicedFractionEnergy: number;
  /** Share of the window's time that WebRTC's detector with the tonality check calls voiced, 0 to 1. */
  voicedFractionWebrtc: number;
}

/** One input that could not be used. */
export interface QuarantineRecord {
  /** The place the input would have had, as `s0001`. */
  scanId: string;
  /** The subject as the manifest names it, or its pseudonym. */
  subject: string;
  /** The file's own name, without folders, or its pseudonym. It may name a patient: keep it on the machine. */
  sourceName: string;
  /** What kind of problem, as `no audio`. */
  reason: string;
  /** The problem in words, without paths. */
  detail: string;
}

/** Totals of a dataset. */
export interface DatasetSummary {
  /** Scans in the dataset. */
  scans: number;
  /** Windows of all scans. */
  windows: number;
  /** Hours of windows. */
  hours: number;
  /** Number of subjects of each split. */
  subjects: Record<Split, number>;
  /** Scans of which some part is labelled. */
  labelledScans: number;
  /** Scans with gaze on them. */
  gazeScans: number;
  /** Scans of which speech was taken out, and how much in all, seconds. */
  bleeped: { scans: number; seconds: number };
  /** Scans by the mask of their pictures; doubtful are those given or found that hardly are the sector. */
  masks: Record<"confirmed" | "template" | "found" | "doubtful" | "none", number>;
  /** Number of windows of each split. */
  windowsPerSplit: Record<Split, number>;
  /** Mean of the windows' voicedFraction by the energy detector. */
  speechShareEnergy: number;
  /** Mean of the windows' voicedFraction by WebRTC's detector. */
  speechShareWebrtc: number;
  /** Inputs put aside. */
  quarantined: number;
  /** How many inputs were put aside for each reason. */
  quarantineReasons: Record<string, number>;
}
