/**
 * Routes under `/api/runs/:run/dataset` and `/api/datasets/:dataset`: what is in a dataset, window by window.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { WindowRecord } from "../mod.ts";
import type { DatasetSource } from "./dataset_library.ts";
import { scansToWire, windowsToWire } from "./dataset_wire.ts";
import { Refusal, withoutPaths } from "./guard.ts";
import { type Bytes, framePng, spectrogramPng, spread, stripPng } from "./pictures.ts";
import { wholeNumber } from "./query.ts";
import { scanRoutes } from "./scan_routes.ts";
import { rangeResponse, wavFile } from "./sound.ts";
import type { DatasetWire, QuarantineWire, WindowsPage } from "./wire/datasets.ts";

const stripFrames = 8;
/** Windows never change once prepared, but a run's name may come to mean other data: ask again after a while. */
const mediaCaching = "private, max-age=60";

/** The routes of a dataset. @param source Finds the dataset that a request is about. */
export function datasetRoutes(source: (c: Context) => Promise<DatasetSource>) {
  const found = async (c: Context) => {
    const dataset = await source(c);
    return { dataset, window: findWindow(dataset, c.req.param("window") ?? "") };
  };

  return new Hono()
    .route("/scans", scanRoutes(source, media))
    .get("/", async (c) => c.json(summaryOf(await source(c))))
    .get("/quarantine", async (c) => c.json(quarantineOf(await source(c))))
    .get("/windows", async (c) => c.json(pageOf(await source(c), c)))
    .get("/windows/:window", async (c) => {
      const { dataset, window } = await found(c);
      return c.json(windowsToWire(dataset, [window])[0]);
    })
    .get("/windows/:window/frame.png", async (c) => {
      const { dataset, window } = await found(c);
      const fallback = Math.floor(window.frameCount / 2);
      const index = wholeNumber(c.req.query("index"), "index", { fallback, max: window.frameCount - 1 });
      const [height, width] = dataset.config.frameSize;
      const frame = dataset.readFrames(window.scanId, window.firstFrame + index, 1);
      return media(framePng(frame, height, width), "image/png");
    })
    .get("/windows/:window/strip.png", async (c) => {
      const { dataset, window } = await found(c);
      const frames = wholeNumber(c.req.query("frames"), "frames", { fallback: stripFrames, min: 1, max: 64 });
      return media(strip(dataset, window, frames), "image/png");
    })
    .get("/windows/:window/spectrogram.png", async (c) => {
      const { dataset, window } = await found(c);
      const { bands, hopSeconds } = dataset.config.spectrogram;
      const start = Math.round(window.startSeconds / hopSeconds);
      const columns = Math.round(dataset.config.windowSeconds / hopSeconds);
      const values = dataset.readLogSpectrogram(window.scanId, start, columns);
      return media(spectrogramPng(values, values.length / bands, bands), "image/png");
    })
    .get("/windows/:window/speech.wav", async (c) => {
      const { dataset, window } = await found(c);
      const { sampleRate } = dataset.config.spectrogram;
      const start = Math.round(window.startSeconds * sampleRate);
      const count = Math.round(dataset.config.windowSeconds * sampleRate);
      const wav = wavFile(dataset.readPcm(window.scanId, start, count), sampleRate);
      const response = rangeResponse(wav, "audio/wav", {
        range: c.req.header("range"),
        ifRange: c.req.header("if-range"),
      });
      response.headers.set("cache-control", mediaCaching);
      return response;
    });
}

function media(bytes: Bytes, type: string): Response {
  return new Response(bytes, { headers: { "content-type": type, "cache-control": mediaCaching } });
}

function strip(dataset: DatasetSource, window: WindowRecord, most: number): Bytes {
  const [height, width] = dataset.config.frameSize;
  const size = height * width;
  const chosen = spread(most, window.frameCount);
  const all = dataset.readFrames(window.scanId, window.firstFrame, window.frameCount);
  const frames = new Uint8Array(chosen.length * size);
  chosen.forEach((t, i) => frames.set(all.subarray(t * size, (t + 1) * size), i * size));
  return stripPng(frames, chosen.length, height, width);
}

/** A window by its id. @throws Refusal 404 when there is none. */
export function findWindow(dataset: DatasetSource, id: string): WindowRecord {
  const window = dataset.windows().find((candidate) => String(candidate.id) === id);
  if (!window) throw new Refusal(404, "There is no window of this id.");
  return window;
}

function pageOf(dataset: DatasetSource, c: Context): WindowsPage {
  const offset = wholeNumber(c.req.query("offset"), "offset", { fallback: 0 });
  const limit = wholeNumber(c.req.query("limit"), "limit", { fallback: 24, min: 1, max: 200 });
  const windows = dataset.windows({ split: c.req.query("split"), scanId: c.req.query("scan") });
  return {
    total: windows.length,
    offset,
    windows: windowsToWire(dataset, windows.slice(offset, offset + limit)),
  };
}

function summaryOf(dataset: DatasetSource): DatasetWire {
  const windows = dataset.windows();
  const mean = (value: (window: WindowRecord) => number) =>
    windows.reduce((sum, window) => sum + value(window), 0) / Math.max(1, windows.length);
  const { windowSeconds, framesPerWindow, frameSize } = dataset.config;
  return {
    windows: windows.length,
    hours: (windows.length * windowSeconds) / 3600,
    voicedFractionEnergy: mean((window) => window.voicedFractionEnergy),
    voicedFractionWebrtc: mean((window) => window.voicedFractionWebrtc),
    windowSeconds,
    framesPerWindow,
    frameSize: [...frameSize],
    scans: scansToWire(dataset),
    quarantined: dataset.quarantine().length,
  };
}

function quarantineOf(dataset: DatasetSource): QuarantineWire[] {
  const nameless = dataset.quarantine().map(({ sourceName, reason, detail }) => ({
    reason: withoutPaths(reason),
    detail: withoutPaths(sourceName === "" ? detail : detail.replaceAll(sourceName, "…")),
  }));
  return [...Map.groupBy(nameless, ({ reason, detail }) => `${reason}: ${detail}`).values()]
    .map((files) => ({ ...files[0], files: files.length }));
}
