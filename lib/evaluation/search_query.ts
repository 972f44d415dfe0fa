/**
 * What a search asks with, read into a dataset's form: words, a sound, a picture, a video, or a window.
 *
 * @module
 */

import { basename } from "node:path";
import type { WindowRecord } from "../data/dataset_store.ts";
import type { InputSource } from "../data/inputs.ts";
import { type MaskedScan, masksLike } from "../data/known_masks.ts";
import { listenToRoom, type LooseInput, loosePicture, looseSound } from "../data/loose_input.ts";
import { readLooseVideo } from "../data/loose_video.ts";
import type { MaskTemplate } from "../data/mask_template.ts";
import { SonospeechError } from "../errors.ts";
import { decodePcm } from "../media/decode.ts";
import { decodePicture, isPicture } from "../media/picture.ts";
import { probeMedia } from "../media/probe.ts";
import { fliteVoices, speakText } from "../media/spoken_text.ts";
import { UnusableMediaError } from "../media/unusable.ts";
import type { Modality } from "./window_search.ts";

/** What is asked with; files are named by their path. */
export type SearchQuery =
  /** English words, which are spoken first. */
  | { kind: "text"; text: string }
  /** What is said in a sound or a video. */
  | { kind: "sound"; path: string }
  /** What is seen in a picture of the inside of the fan, or in a video as it comes from the machine. */
  | { kind: "picture"; path: string }
  /** What is said or seen in a window of the dataset that is searched. */
  | { kind: "window"; window: WindowRecord; modality: Modality };

/** How a query is read. */
export interface QueryReading {
  /** The dataset that is searched: the query takes its form, and a video its masks. */
  dataset: InputSource & { scans(): readonly MaskedScan[] };
  /** A mask for a video, which goes before the dataset's. */
  mask?: MaskTemplate;
  /** Length of the run's speech samples. */
  speechSeconds: number;
  /** Longer sounds are refused; any length is taken when left out. */
  mostSeconds?: number;
  /** Stops the work. */
  signal?: AbortSignal;
}

/** Whether a query is heard or seen. */
export function modalityOf(query: SearchQuery): Modality {
  if (query.kind === "window") return query.modality;
  return query.kind === "picture" ? "video" : "speech";
}

/**
 * Reads a query; words come in every voice.
 *
 * @throws SonospeechError `input` when it cannot be used, `usage` for words that cannot be spoken, `environment` when
 * ffmpeg is missing.
 */
export async function readQuery(query: SearchQuery, reading: QueryReading): Promise<LooseInput[]> {
  const { dataset, speechSeconds, signal } = reading;
  const { config } = dataset;
  if (query.kind === "window") return [{ source: dataset, window: query.window }];
  if (query.kind === "picture") return [loosePicture(await readPictures(query.path, reading), config)];
  const { sampleRate } = config.spectrogram;
  const sounds = query.kind === "text"
    ? await Promise.all(fliteVoices.map((voice) => speakText(query.text, { voice, sampleRate, signal })))
    : [await readSound(query.path, sampleRate, reading)];
  const room = listenToRoom(dataset);
  return sounds.map((pcm) => looseSound(pcm, config, { room, speechSeconds }));
}

/** A picture as it is, or a few frames of a video, which pass the gate that preparing has. */
async function readPictures(path: string, { dataset, mask, signal }: QueryReading): Promise<Uint8Array> {
  const { config } = dataset;
  if (await isPicture(path)) return await decodePicture(path, config.frameSize, signal);
  try {
    const masks = masksLike(dataset.scans(), mask && [mask]);
    return await readLooseVideo(path, { config, masks, signal });
  } catch (error) {
    if (!(error instanceof UnusableMediaError)) throw error;
    const fail = refusal("look at", path, "it must be a picture (PNG, JPEG, BMP, TIFF) or a video");
    return fail(`${error.reason}, ${error.detail}`);
  }
}

async function readSound(
  path: string,
  sampleRate: number,
  { mostSeconds = Infinity, signal }: QueryReading,
): Promise<Int16Array> {
  const fail = refusal("listen to", path, "it must be a file with sound");
  try {
    const { audio, startSeconds } = await probeMedia(path, signal);
    if (!audio) return fail("one without");
    const pieces: Int16Array[] = [];
    let length = 0;
    const report = await decodePcm({
      ...{ path, sampleRate, signal, streamIndex: audio.index },
      startSeconds: audio.startSeconds ?? startSeconds,
      onSamples: (samples) => {
        pieces.push(samples.slice());
        length += samples.length;
        // A small file can hold hours.
        if (length > mostSeconds * sampleRate) {
          refusal("listen to", path, `it must last at most ${mostSeconds} s`)("more");
        }
      },
    });
    if (report.code !== 0) return fail(report.firstErrors[0] ?? `exit code ${report.code} of ffmpeg`);
    const pcm = new Int16Array(length);
    pieces.reduce((at, piece) => (pcm.set(piece, at), at + piece.length), 0);
    return pcm;
  } catch (error) {
    if (error instanceof UnusableMediaError) return fail(`${error.reason}, ${error.detail}`);
    throw error;
  }
}

/** Refuses a file, whose name is for the terminal alone. */
function refusal(verb: string, path: string, must: string): (received: string) => never {
  return (received) => {
    throw new SonospeechError("input", {
      action: `${verb} ${basename(path)}`,
      must,
      received,
      publicMessage: `Cannot ${verb} the file: ${must}`,
    });
  };
}
