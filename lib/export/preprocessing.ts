/**
 * What a network's inputs are made of, so that somebody else can make them: sizes, scaling and spectrogram settings.
 *
 * @module
 */

import type { PrepareConfig, RunConfig } from "../config.ts";
import { speechColumns } from "../data/inputs.ts";
import { logPowerFloor, spectrogramSizes } from "../signal/spectrogram.ts";
import type { TrainedRun } from "./trained_run.ts";

/** How pictures become the input `frames`. */
export interface FramesPreprocessing {
  /** Of the input: rows, channels, height, width; -1 for any number. */
  shape: readonly number[];
  /** Height and width to which a picture is scaled first, as in the dataset. */
  storedSize: readonly [number, number];
  /** Height and width that the network sees. */
  size: readonly [number, number];
  /** What is kept of a picture. */
  crop: PrepareConfig["crop"];
  /** `input = scale · level + offset`, of grey levels 0 to 255. */
  scale: number;
  /** See above. */
  offset: number;
  /** All of it in words, in order. */
  steps: readonly string[];
}

/** How sound becomes the input `speech`. */
export interface SpeechPreprocessing {
  /** Of the input: rows, channels, bands, columns; -1 for any number. */
  shape: readonly number[];
  /** Length of a speech sample, seconds. */
  speechSeconds: number;
  /** Time from one column to the next, seconds. */
  hopSeconds: number;
  /** Columns of the log-spectrogram that it spans, before they are resized. */
  heardColumns: number;
  /** Columns around the sample that a band's mean is taken over; null for the whole recording. */
  meanColumns: number | null;
  /** Hz. */
  sampleRate: number;
  /** Length of the Hann window, samples. */
  winLength: number;
  /** Distance of two columns, samples. */
  hopLength: number;
  /** Points of the Fourier transform. */
  nFft: number;
  /** Linear bands, or triangles on Slaney's mel scale. */
  scale: PrepareConfig["spectrogram"]["scale"];
  /** Number of bands M. */
  bands: number;
  /** Natural logarithm of the least power told apart from silence. */
  logPowerFloor: number;
  /** All of it in words, in order. */
  steps: readonly string[];
}

/** Everything that lies between files and networks. */
export interface Preprocessing {
  /** Length of a window, seconds. */
  windowSeconds: number;
  /** Of the video encoder. */
  frames: FramesPreprocessing;
  /** Of the speech encoder. */
  speech: SpeechPreprocessing;
}

/** Which axis of an input is its one channel: the second, or the last. */
export type ChannelsAxis = "first" | "last";

/** Puts in words what `lib/data/inputs.ts` and `lib/signal/spectrogram.ts` do. */
export function describePreprocessing(
  { prepare, config, shortestScanSeconds }: Pick<TrainedRun, "prepare" | "config" | "shortestScanSeconds">,
  channels: ChannelsAxis = "first",
): Preprocessing {
  const [frames, speech] = [
    describeFrames(prepare, config),
    describeSpeech(prepare, config, shortestScanSeconds),
  ];
  const placed = <T extends { shape: readonly number[] }>(input: T): T => {
    const [batch, one, ...size] = input.shape;
    return channels === "first" ? input : { ...input, shape: [batch, ...size, one] };
  };
  return { windowSeconds: prepare.windowSeconds, frames: placed(frames), speech: placed(speech) };
}

function describeFrames(prepare: PrepareConfig, { model }: RunConfig): FramesPreprocessing {
  const [stored, size] = [prepare.frameSize, model.frameSize];
  const isResized = stored[0] !== size[0] || stored[1] !== size[1];
  const shown = Math.min(4, prepare.framesPerWindow);
  return {
    shape: [-1, 1, ...size],
    storedSize: stored,
    size,
    crop: prepare.crop,
    scale: 2 / 255,
    offset: -1,
    steps: [
      prepare.crop === "none"
        ? "take the whole picture as 8-bit grey levels"
        : "take what lies inside the ultrasound fan, without its outline, as 8-bit grey levels",
      `scale it to ${stored[0]} rows and ${
        stored[1]
      } columns by area averaging, rounded to whole levels (ffmpeg: ` +
      `format=gray,scale=${stored[1]}:${stored[0]}:flags=area)`,
      ...(isResized
        ? [`resize it to ${size[0]} × ${size[1]}: area averaging where it shrinks, linear where it grows`]
        : []),
      "input = 2 · level / 255 − 1",
      `an embedding of a window is the mean of those of ${shown} frames spread evenly over it (frame ` +
      `⌊(k + ½) / ${shown} · ${prepare.framesPerWindow}⌋ of ${prepare.framesPerWindow}), scaled to unit length`,
    ],
  };
}

function describeSpeech(
  { spectrogram }: PrepareConfig,
  { model, data }: RunConfig,
  shortestScanSeconds: number,
): SpeechPreprocessing {
  const sizes = spectrogramSizes(spectrogram);
  const [bands, columns] = model.speechSize;
  const { heard: heardColumns, mean: meanColumns } = speechColumns(
    data.speechSeconds,
    shortestScanSeconds,
    spectrogram.hopSeconds,
  );
  const { winLength, hopLength, nFft } = sizes;
  return {
    shape: [-1, 1, bands, columns],
    sampleRate: spectrogram.sampleRate,
    ...sizes,
    scale: spectrogram.scale,
    bands,
    logPowerFloor,
    speechSeconds: data.speechSeconds,
    hopSeconds: spectrogram.hopSeconds,
    heardColumns,
    meanColumns,
    steps: [
      `mix to mono, resample to ${spectrogram.sampleRate} Hz, samples of full scale are ±1`,
      `column c: ${winLength} samples centred on sample c · ${hopLength} (zeros outside the recording) times a ` +
      `periodic Hann window that is divided by the root of its squared sum; power |X|² of a ${nFft}-point ` +
      `Fourier transform`,
      spectrogram.scale === "linear"
        ? `${bands} bands: means of neighbouring bins 1 to ${
          nFft / 2
        }, as many in each; bin 0 belongs to none`
        : `${bands} bands: triangles evenly spaced on Slaney's mel scale from 0 to ` +
          `${
            spectrogram.sampleRate / 2
          } Hz whose weights sum to 1; a triangle that no bin falls into takes the ` +
          `bin nearest to its centre`,
      `natural logarithm of max(power, 1e-10), stored as float16`,
      `take ${heardColumns} columns (${data.speechSeconds} s) from column round(start / hop), moved so that all lie ` +
      `inside the recording's whole windows; nothing is filled up`,
      ...(heardColumns === columns ? [] : [
        `resize the time axis to ${columns} columns: area averaging where it shrinks, linear where it grows`,
      ]),
      "subtract from every band its mean over " +
      (meanColumns === null
        ? "the recording's whole windows (up to 40 stretches of 100 columns spread evenly)"
        : `${meanColumns} columns, the length of the shortest scan trained on, around the middle of the sample, ` +
          "moved inside as it was (all columns where there are fewer)"),
      "subtract the sample's mean and divide by its standard deviation (over all bands and columns)",
      "band 0, the lowest, is row 0; time runs along the columns",
    ],
  };
}
