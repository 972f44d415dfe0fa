/** The description of the inputs, followed by somebody who knows nothing else, against the inputs themselves. */

import assert from "node:assert/strict";
import { type PrepareConfig, resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import type { WindowRecord } from "../../../lib/data/dataset_store.ts";
import { InputReader, type InputSource } from "../../../lib/data/inputs.ts";
import {
  describePreprocessing,
  type Preprocessing,
  type SpeechPreprocessing,
} from "../../../lib/export/preprocessing.ts";
import { Random } from "../../../lib/random.ts";
import { logSpectrogram } from "../../../lib/signal/spectrogram.ts";

/** Tones that come and go over noise. */
function makeSound(sampleRate: number, seconds = 8): Int16Array {
  const random = new Random(3, "sound");
  return Int16Array.from({ length: seconds * sampleRate }, (_, n) => {
    const t = n / sampleRate;
    const tone = Math.sin(2 * Math.PI * (300 + 150 * t) * t) * (Math.sin(3 * t) > 0 ? 1 : 0.1);
    return 9000 * tone + random.normal(0, 60);
  });
}

/** A dataset of a scan, and of others of which only the length counts, in seconds. */
function sourceOf(config: PrepareConfig, pcm: Int16Array, others: readonly number[] = []): InputSource {
  const stored = Float16Array.from(logSpectrogram(pcm, config.spectrogram));
  const { bands } = config.spectrogram;
  const lengths = [pcm.length / config.spectrogram.sampleRate, ...others];
  const windows = lengths.flatMap((seconds, scan) =>
    Array.from(
      { length: Math.floor(seconds / config.windowSeconds) },
      (_, index) => ({ scanId: `s000${scan + 1}`, index, frameCount: 8 }) as WindowRecord,
    )
  );
  return {
    config,
    windows: () => windows,
    readFrames: (_scan, frame) => {
      const random = new Random(5, "frame", frame);
      return Uint8Array.from(
        { length: config.frameSize[0] * config.frameSize[1] },
        () => random.integer(256),
      );
    },
    readLogSpectrogram: (_scan, first, count) =>
      Float32Array.from(
        { length: count * bands },
        (_, i) => stored[first * bands + i] ?? NaN,
      ),
  };
}

/** Weights of each bin in each band, as described. */
function bandWeights({ scale, bands, nFft, sampleRate }: SpeechPreprocessing): number[][] {
  const bins = nFft / 2;
  if (scale === "linear") {
    const size = bins / bands;
    return Array.from(
      { length: bands },
      (_, b) =>
        Array.from({ length: bins + 1 }, (_, k) => k > b * size && k <= (b + 1) * size ? 1 / size : 0),
    );
  }
  // Slaney: 200/3 Hz a mel up to 1 kHz, then 27 mels for each factor of 6.4.
  const toHertz = (mel: number) => mel < 15 ? mel * 200 / 3 : 1000 * 6.4 ** ((mel - 15) / 27);
  const top = 15 + 27 * Math.log(sampleRate / 2 / 1000) / Math.log(6.4);
  return Array.from({ length: bands }, (_, b) => {
    const [left, centre, right] = [0, 1, 2].map((i) => toHertz(top * (b + i) / (bands + 1)));
    const weights = Array.from({ length: bins + 1 }, (_, k) => {
      const hertz = k * sampleRate / nFft;
      return Math.max(0, Math.min((hertz - left) / (centre - left), (right - hertz) / (right - centre)));
    });
    const sum = weights.reduce((a, w) => a + w, 0);
    const nearest = Math.max(1, Math.round(centre * nFft / sampleRate));
    return sum > 0 ? weights.map((w) => w / sum) : weights.map((_, k) => k === nearest ? 1 : 0);
  });
}

/** All columns of a sound, by the plainest Fourier transform. */
function describedColumns(pcm: Int16Array, description: SpeechPreprocessing): number[][] {
  const { winLength, hopLength, nFft } = description;
  const hann = Array.from({ length: winLength }, (_, n) => 0.5 - 0.5 * Math.cos(2 * Math.PI * n / winLength));
  const norm = Math.sqrt(hann.reduce((sum, w) => sum + w * w, 0));
  const weights = bandWeights(description);
  const turns = Array.from({ length: nFft }, (_, n) => 2 * Math.PI * n / nFft);
  const [cos, sin] = [turns.map(Math.cos), turns.map(Math.sin)];
  return Array.from({ length: Math.ceil(pcm.length / hopLength) }, (_, c) => {
    const block = hann.map((w, n) =>
      w / norm * (pcm[c * hopLength - Math.floor(winLength / 2) + n] ?? 0) / 32768
    );
    const power = Array.from({ length: nFft / 2 + 1 }, (_, k) => {
      let [re, im] = [0, 0];
      block.forEach((x, n) => {
        re += x * cos[n * k % nFft];
        im += x * sin[n * k % nFft];
      });
      return re * re + im * im;
    });
    return weights.map((row) => {
      const sum = row.reduce((total, w, k) => total + w * power[k], 0);
      return Math.log(Math.max(sum, Math.exp(description.logPowerFloor)));
    });
  });
}

/** Area averaging of a row of numbers. */
function shrink(values: number[], size: number): number[] {
  const scale = values.length / size;
  return Array.from({ length: size }, (_, i) => {
    let sum = 0;
    values.forEach((value, k) => {
      sum += value * Math.max(0, Math.min(k + 1, (i + 1) * scale) - Math.max(k, i * scale));
    });
    return sum / scale;
  });
}

/** The columns that a band's mean is taken over: around the middle of a sample, or stretches of all. */
function meanColumnsOf(
  columns: number[][],
  middle: number,
  { meanColumns }: SpeechPreprocessing,
): number[][] {
  if (meanColumns !== null) {
    const first = Math.min(Math.max(0, Math.round(middle - meanColumns / 2)), columns.length - meanColumns);
    return columns.slice(first, first + meanColumns);
  }
  const stretches = Math.min(40, Math.floor(columns.length / 100));
  return Array.from(
    { length: stretches },
    (_, k) => Math.floor(k * (columns.length - 100) / Math.max(1, stretches - 1)),
  ).flatMap((first) => columns.slice(first, first + 100));
}

function describedInput(pcm: Int16Array, start: number, description: Preprocessing): number[] {
  const { windowSeconds, speech } = description;
  const { bands, heardColumns, sampleRate, hopLength, shape } = speech;
  const windows = Math.floor(pcm.length / sampleRate / windowSeconds);
  const columns = describedColumns(pcm, speech).slice(0, windows * windowSeconds * sampleRate / hopLength);
  const asked = Math.round(start * sampleRate / hopLength);
  const first = Math.min(Math.max(0, asked), columns.length - heardColumns);
  const taken = meanColumnsOf(columns, start * sampleRate / hopLength + heardColumns / 2, speech);
  const rows = Array.from({ length: bands }, (_, b) => {
    const mean = taken.reduce((sum, column) => sum + column[b], 0) / taken.length;
    const row = columns.slice(first, first + heardColumns).map((column) => column[b]);
    return shrink(row, shape[3]).map((value) => value - mean);
  });
  const all = rows.flat();
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length);
  return all.map((value) => (value - mean) / deviation);
}

for (
  const [name, spectrogram, start, [seconds, ...others], meanColumns] of [
    ["long scans", { bands: 20, sampleRate: 4000, winSeconds: 0.02 }, 1.25, [12, 14], null],
    ["a sample over the end", { bands: 20, sampleRate: 4000, winSeconds: 0.02 }, 10.5, [13, 12], null],
    ["a sample over the start", { bands: 20, sampleRate: 4000, winSeconds: 0.02 }, -0.5, [12], null],
    ["short clips", { bands: 40, sampleRate: 4000, winSeconds: 0.02 }, 3.25, [9, 4, 20], 400],
    ["short clips, a sample over the end", { bands: 20, sampleRate: 4000 }, 6.5, [9, 4], 400],
    [
      "linear bands",
      { scale: "linear", bands: 32, sampleRate: 4000, winSeconds: 0.01, hopSeconds: 0.005 },
      2,
      [8],
      1600,
    ],
  ] as const
) {
  Deno.test(`describePreprocessing() leads to the same speech input, ${name}`, () => {
    const prepare = resolvePrepareConfig({ file: { spectrogram } });
    const speechSize = [spectrogram.bands, 50];
    const config = resolveRunConfig({ file: { model: { speechSize }, data: { speechSeconds: 2.2 } } });
    const pcm = makeSound(spectrogram.sampleRate, seconds);
    // In whole windows, of 2 s.
    const shortestScanSeconds = Math.min(...[seconds, ...others].map((length) => length - length % 2));
    const description = describePreprocessing({ prepare, config, shortestScanSeconds });
    assert.deepEqual(description.speech.shape, [-1, 1, ...speechSize]);
    assert.equal(description.speech.meanColumns, meanColumns);
    const out = new Float32Array(spectrogram.bands * 50);
    new InputReader(sourceOf(prepare, pcm, others), config.model, 2.2).speech("s0001", start, out, 0);
    const expected = describedInput(pcm, start, description);
    const off = Math.max(...expected.map((value, i) => Math.abs(value - out[i])));
    assert.ok(off < 5e-3, `largest difference ${off}`); // float16 keeps three digits
  });
}

Deno.test("describePreprocessing() leads to the same frame input", () => {
  const prepare = resolvePrepareConfig({ file: { frameSize: [6, 8], spectrogram: { bands: 8 } } });
  const run = resolveRunConfig({ file: { model: { frameSize: [6, 8], speechSize: [8, 8] } } });
  const source = sourceOf(prepare, makeSound(24000));
  const { frames } = describePreprocessing({ prepare, config: run, shortestScanSeconds: 8 });
  assert.deepEqual([frames.shape, frames.size, frames.storedSize], [[-1, 1, 6, 8], [6, 8], [6, 8]]);
  const out = new Float32Array(48);
  new InputReader(source, run.model, 3).frame("s0001", 3, out, 0);
  const expected = Array.from(
    source.readFrames("s0001", 3, 1),
    (level) => frames.scale * level + frames.offset,
  );
  expected.forEach((value, i) => assert.ok(Math.abs(value - out[i]) < 1e-6));
});

Deno.test("describePreprocessing() names what differs between configs", () => {
  const config = resolveRunConfig({ file: { model: { frameSize: [24, 24] } } });
  const told = { prepare: resolvePrepareConfig(), config, shortestScanSeconds: 600 };
  const { frames, speech, windowSeconds } = describePreprocessing(told);
  assert.equal(windowSeconds, 2);
  assert.match(frames.steps.join("\n"), /inside the ultrasound fan.*\n.*48 rows.*\n.*resize it to 24 × 24/);
  assert.match(speech.steps.join("\n"), /600 samples centred on sample c · 240 .* of a 1024-point/);
  assert.match(speech.steps.join("\n"), /Slaney's mel scale from 0 to 12000 Hz/);
  assert.match(speech.steps.join("\n"), /its mean over the recording's whole windows/);
  const prepare = resolvePrepareConfig({ file: { crop: "none", frameSize: [24, 24] } });
  const plain = describePreprocessing({ prepare, config, shortestScanSeconds: 4 });
  assert.match(plain.frames.steps.join("\n"), /the whole picture/);
  assert.doesNotMatch(plain.frames.steps.join("\n"), /resize it/);
  assert.match(plain.speech.steps.join("\n"), /its mean over 400 columns, the length of the shortest scan/);
});
