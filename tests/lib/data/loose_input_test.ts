import assert from "node:assert/strict";
import { resolvePrepareConfig, resolveRunConfig } from "../../../lib/config.ts";
import type { WindowRecord } from "../../../lib/data/dataset_store.ts";
import { InputReader, type InputSource } from "../../../lib/data/inputs.ts";
import { listenToRoom, loosePicture, looseSound } from "../../../lib/data/loose_input.ts";
import { Random } from "../../../lib/random.ts";
import { logSpectrogram } from "../../../lib/signal/spectrogram.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

const sampleRate = 8000;
const config = resolvePrepareConfig({ file: { frameSize: [4, 6], spectrogram: { bands: 8, sampleRate } } });

/** Noise of a room in which somebody says three words, seconds 4.0–4.6, 10.2–10.8, 16.0–16.6, each its own pitch. */
const starts = [4, 10.2, 16];
const scan = (() => {
  const random = new Random(1, "scan");
  return Int16Array.from({ length: 20 * sampleRate }, (_, n) => {
    const t = n / sampleRate;
    const word = starts.findIndex((start) => t >= start && t < start + 0.6);
    return random.normal(0, 60) + (word < 0 ? 0 : 6000 * Math.sin(2 * Math.PI * (300 + 500 * word) * t));
  });
})();

function sourceOf(pcm: Int16Array): InputSource {
  const columns = logSpectrogram(pcm, config.spectrogram);
  return {
    config,
    windows: () => Array.from({ length: 10 }, (_, index) => ({ scanId: "s0001", index }) as WindowRecord),
    readFrames: () => new Uint8Array(24),
    readLogSpectrogram: (_scan, first, count) =>
      Float32Array.from({ length: count * 8 }, (_, i) => columns[first * 8 + i] ?? -23),
  };
}

const room = listenToRoom(sourceOf(scan));
const { model } = resolveRunConfig({ file: { model: { speechSize: [8, 30] } } });

/** What the network hears of 1.5 s from `start` on. */
function heard(source: InputSource, start: number): Float32Array {
  const [{ scanId }] = source.windows();
  const out = new Float32Array(8 * 30);
  new InputReader(source, model, 1.5).speech(scanId, start, out, 0);
  return out;
}

const correlation = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0) / a.length;

Deno.test("looseSound() of a word alone is heard as the word in its scan is, however loud, and as no other", () => {
  starts.forEach((start, word) => {
    for (const gain of [1, 0.05, 3]) {
      const alone = scan.slice(start * sampleRate, (start + 0.6) * sampleRate).map((x) => x * gain);
      const { source, window } = looseSound(alone, config, { room, speechSeconds: 1.5 });
      assert.equal(source.config.windowSeconds, 1.5);
      // The word in the middle of what is heard, as in the scan.
      const loose = heard(source, window.startSeconds);
      starts.forEach((other, k) => {
        const alike = correlation(loose, heard(sourceOf(scan), other - 0.45));
        if (k === word) assert.ok(alike > 0.95, `word ${word}, gain ${gain}: ${alike}`);
        else assert.ok(alike < 0.7, `words ${word} and ${k}: ${alike}`);
      });
    }
  });
});

Deno.test("looseSound() has its own length, the room's noise around it and the room's mean", () => {
  const { source, window } = looseSound(scan.slice(0, 12_000), config, { room, speechSeconds: 0.6 });
  assert.deepEqual([source.config.windowSeconds, window.startSeconds], [1.5, 0]);
  assert.deepEqual(source.readLogSpectrogram("query", -1, 1), room.noise);
  assert.deepEqual(source.readLogSpectrogram("query", 150, 1), room.noise);
  assert.deepEqual(source.bandMeans!("query"), room.mean);
});

Deno.test("looseSound() adds the noise of the room, where there is silence and where there is sound", () => {
  const tone = Int16Array.from({ length: 8000 }, (_, n) => n < 4000 ? 6000 * Math.sin(n) : 0);
  const silent = looseSound(tone, config, { room, speechSeconds: 0.6 }).source;
  assert.ok(silent.readLogSpectrogram("query", 0, 100).every((value, i) => value > room.noise[i % 8] - 1e-3));
  silent.readLogSpectrogram("query", 60, 30).forEach((value, i) =>
    assert.ok(Math.abs(value - room.noise[i % 8]) < 1e-3, `${value} in band ${i % 8}`)
  );
});

Deno.test("looseSound() shorter than a speech sample has the room's noise on both sides", () => {
  const { source } = looseSound(scan.slice(0, 8000), config, { room, speechSeconds: 1.5 });
  assert.equal(source.config.windowSeconds, 1.5);
  for (const column of [0, 24, 125, 149]) {
    assert.deepEqual(source.readLogSpectrogram("query", column, 1), room.noise, `column ${column}`);
  }
  const [first, last] = [25, 124].map((column) => source.readLogSpectrogram("query", column, 1));
  assert.notDeepEqual(first, room.noise);
  assert.notDeepEqual(last, room.noise);
});

Deno.test("looseSound() among short clips loses the mean of as much sound as they have, amid noise where it is shorter", () => {
  const clips: InputSource = {
    ...sourceOf(scan),
    windows: () => Array.from({ length: 5 }, (_, k) => ({ scanId: `s${k}`, index: 1 }) as WindowRecord),
  };
  const hearing = { room: listenToRoom(clips), speechSeconds: 1 };
  const long = looseSound(scan.slice(0, 5 * sampleRate), config, hearing).source;
  assert.deepEqual([long.shortestScanSeconds, long.bandMeans], [4, undefined]);
  const short = looseSound(scan.slice(0, 1.5 * sampleRate), config, hearing).source;
  const heard = short.readLogSpectrogram("query", 0, 400);
  short.bandMeans!("query").forEach((mean, band) => {
    const column = heard.filter((_, i) => i % 8 === band);
    assert.ok(Math.abs(mean - column.reduce((a, b) => a + b, 0) / 400) < 1e-4);
  });
});

Deno.test("listenToRoom() tells noise, mean and loudness of what it hears", () => {
  // Noise at −5 + band in every column, words at 3 in a fifth of them.
  const source: InputSource = {
    ...sourceOf(scan),
    readLogSpectrogram: (_scan, first, count) =>
      Float32Array.from(
        { length: count * 8 },
        (_, i) => Math.floor(first + i / 8) % 5 === 0 ? 3 : -5 + i % 8,
      ),
  };
  const { noise, mean, speechLevel } = listenToRoom(source);
  assert.deepEqual([...noise], [-5, -4, -3, -2, -1, 0, 1, 2]);
  mean.forEach((value, band) => assert.ok(Math.abs(value - (0.8 * (-5 + band) + 0.2 * 3)) < 1e-5));
  assert.equal(speechLevel, 3);
});

Deno.test("listenToRoom() hears every scan of a small dataset", () => {
  const heardScans = new Set<string>();
  const dataset = fakeWindows({ scans: 7, windowsPerScan: 2 });
  listenToRoom({
    ...dataset,
    readLogSpectrogram: (scanId, first, count) => {
      heardScans.add(scanId);
      return dataset.readLogSpectrogram(scanId, first, count);
    },
  });
  assert.equal(heardScans.size, 7);
});

Deno.test("looseSound() refuses silence and what is too short for a word", () => {
  const silence = new Int16Array(8000).fill(3);
  assert.throws(() => looseSound(silence, config, { room, speechSeconds: 1 }), {
    code: "input",
    message: /silence/,
  });
  assert.throws(() => looseSound(scan.slice(0, 700), config, { room, speechSeconds: 1 }), {
    code: "input",
    message: /0\.1 s long.*0\.087 s/,
  });
});

Deno.test("loosePicture() is one window of one frame", () => {
  const levels = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
  const { source, window } = loosePicture(levels, config);
  assert.deepEqual([window.firstFrame, window.frameCount], [0, 1]);
  assert.deepEqual(source.readFrames(window.scanId, 0, 1), levels);
  assert.throws(() => source.readLogSpectrogram(window.scanId, 0, 1), RangeError);
});
