/**
 * Routes under `scans/:scan` of a dataset: one recording over its time, with its voiced spans, labels and gaze.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { DatasetSource } from "./dataset_library.ts";
import { scansToWire, windowsToWire } from "./dataset_wire.ts";
import { Refusal, withoutPaths } from "./guard.ts";
import { framePng, type Media, spectrogramPng } from "./pictures.ts";
import { wholeNumber } from "./query.ts";
import { scanVoice } from "./scan_voice.ts";
import { wavStreamResponse } from "./sound.ts";
import type { ScanDetailWire, VoiceAnswer } from "./wire/datasets.ts";

/** Width of the picture of a whole scan's spectrogram, and columns that are read for each pixel of it. */
const spectrogramWidth = 1200, columnsPerPixel = 8;

type Scan = ReturnType<DatasetSource["scans"]>[number];

/** The routes of scans; mount them where the routes of their dataset are. */
export function scanRoutes(source: (c: Context) => Promise<DatasetSource>, media: Media) {
  const found = async (c: Context) => {
    const dataset = await source(c);
    const scan = dataset.scans().find(({ id }) => id === c.req.param("scan"));
    if (!scan) throw new Refusal(404, "There is no scan of this name.");
    return { dataset, scan };
  };
  return new Hono()
    .get("/:scan", async (c) => {
      const { dataset, scan } = await found(c);
      return c.json(detailOf(dataset, scan));
    })
    .get("/:scan/voice", async (c) => {
      const { dataset, scan } = await found(c);
      const answer: VoiceAnswer = {
        voiced: await scanVoice(dataset, scan, extentOf(dataset, scan).seconds),
      };
      return c.json(answer);
    })
    .get("/:scan/frame.png", async (c) => {
      const { dataset, scan } = await found(c);
      const { frameCount } = extentOf(dataset, scan);
      const index = wholeNumber(c.req.query("index"), "index", {
        fallback: 0,
        max: Math.max(0, frameCount - 1),
      });
      const [height, width] = dataset.config.frameSize;
      return media(framePng(dataset.readFrames(scan.id, index, 1), height, width), "image/png");
    })
    .get("/:scan/spectrogram.png", async (c) => {
      const { dataset, scan } = await found(c);
      const { values, columns } = thinSpectrogram(dataset, scan);
      return media(spectrogramPng(values, columns, dataset.config.spectrogram.bands), "image/png");
    })
    .get("/:scan/speech.wav", async (c) => {
      const { dataset, scan } = await found(c);
      const { sampleRate } = dataset.config.spectrogram;
      const { seconds } = extentOf(dataset, scan);
      return wavStreamResponse({
        sampleRate,
        sampleCount: Math.round(seconds * sampleRate),
        read: (start, count) => dataset.readPcm(scan.id, start, count),
      }, { range: c.req.header("range"), ifRange: c.req.header("if-range") });
    });
}

/** A scan as far as whole windows tile it: beyond them there are no frames. */
function extentOf(dataset: DatasetSource, { id }: Scan): { seconds: number; frameCount: number } {
  const { windowSeconds, framesPerWindow } = dataset.config;
  const windows = dataset.windows({ scanId: id }).length;
  return { seconds: windows * windowSeconds, frameCount: windows * framesPerWindow };
}

function detailOf(dataset: DatasetSource, scan: Scan): ScanDetailWire {
  const { seconds, frameCount } = extentOf(dataset, scan);
  const { windowSeconds, framesPerWindow } = dataset.config;
  const wire = scansToWire(dataset).find(({ id }) => id === scan.id)!;
  const gaze = dataset.gaze?.(scan.id);
  const nameless = (note: string) =>
    withoutPaths(scan.sourceName ? note.replaceAll(scan.sourceName, "…") : note);
  return {
    ...wire,
    ...{ seconds, frameCount, windowSeconds, frameSeconds: windowSeconds / framesPerWindow },
    frameSize: [...dataset.config.frameSize],
    windowList: windowsToWire(dataset, dataset.windows({ scanId: scan.id })),
    labels: [...dataset.labelStretches?.(scan.id) ?? []].map(({ startSeconds, endSeconds, label }) => ({
      startSeconds,
      endSeconds,
      label,
    })),
    fixations: gaze?.fixations.map(({ startSeconds, durationSeconds, x, y }) => ({
      startSeconds,
      durationSeconds,
      x,
      y,
    })) ?? null,
    notes: (scan.notes ?? []).map(nameless),
  };
}

/** A scan's log-spectrogram in at most as many columns as a screen shows: each the mean of a few of its stretch. */
function thinSpectrogram(dataset: DatasetSource, scan: Scan): { values: Float32Array; columns: number } {
  const { bands, hopSeconds } = dataset.config.spectrogram;
  const total = Math.max(1, Math.round(extentOf(dataset, scan).seconds / hopSeconds));
  const columns = Math.min(spectrogramWidth, total);
  const values = new Float32Array(columns * bands);
  for (let x = 0; x < columns; x++) {
    const [from, to] = [Math.floor((x * total) / columns), Math.floor(((x + 1) * total) / columns)];
    const count = Math.min(columnsPerPixel, Math.max(1, to - from));
    dataset.readLogSpectrogram(scan.id, from, count).forEach((value, i) => {
      values[x * bands + (i % bands)] += value / count;
    });
  }
  return { values, columns };
}
