import assert from "node:assert/strict";
import fc from "fast-check";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { Random } from "../../../lib/random.ts";
import {
  logPowerFloor,
  logSpectrogram,
  spectrogramSizes,
  SpectrogramStream,
} from "../../../lib/signal/spectrogram.ts";

const paper = resolvePrepareConfig({ file: { preset: "paper" } }).spectrogram;
const tiny = resolvePrepareConfig().spectrogram;

function sine(hertz: number, seconds: number, amplitude = 0.5): Int16Array {
  return Int16Array.from(
    { length: Math.round(seconds * 24000) },
    (_, n) => Math.round(32767 * amplitude * Math.sin((2 * Math.PI * hertz * n) / 24000)),
  );
}

const peakOf = (column: Float32Array) => column.indexOf(Math.max(...column));

Deno.test("spectrogramSizes() are the paper's: 10 ms windows, 5 ms hops, 256 bands of a 512-point transform", () => {
  assert.deepEqual(spectrogramSizes(paper), { winLength: 240, hopLength: 120, nFft: 512 });
});

Deno.test("logSpectrogram() of a sine peaks in its band", () => {
  for (const bin of [3, 40, 200]) {
    const values = logSpectrogram(sine((bin * 24000) / 512, 0.1), paper);
    assert.equal(values.length, 20 * 256);
    for (let c = 2; c < 18; c++) {
      // Band b is bin b + 1.
      assert.equal(peakOf(values.subarray(c * 256, (c + 1) * 256)), bin - 1);
    }
  }
  const mel = logSpectrogram(sine(1000, 0.2), tiny);
  // 1 kHz is mel 15; band b of 64 is centred on mel (b + 1) · top / 65 with top = 15 + 27 ln 12 / ln 6.4.
  const top = 15 + (27 * Math.log(12)) / Math.log(6.4);
  assert.equal(peakOf(mel.subarray(10 * 64, 11 * 64)), Math.round((15 * 65) / top) - 1);
});

Deno.test("logSpectrogram() of white noise is ln of its variance, whatever the window", () => {
  const random = new Random(1, "noise");
  const samples = Int16Array.from({ length: 48000 }, () => Math.round(random.normal(0, 3276.8)));
  for (const winSeconds of [0.01, 0.02]) {
    const values = logSpectrogram(samples, { ...paper, winSeconds });
    const mean = values.reduce((sum, value) => sum + Math.exp(value), 0) / values.length;
    assert.ok(Math.abs(mean / 0.01 - 1) < 0.03, `${mean}`);
  }
});

Deno.test("logSpectrogram() of silence is the floor, and of a click lies at its time", () => {
  assert.ok(
    logSpectrogram(new Int16Array(1000), paper).every((value) => value === Math.fround(logPowerFloor)),
  );
  const click = new Int16Array(24000);
  click[12000] = 30000;
  const values = logSpectrogram(click, paper);
  const loud = Array.from({ length: 200 }, (_, c) => c).filter((c) => values[c * 256] > logPowerFloor + 1);
  assert.deepEqual(loud, [100]);
});

Deno.test("SpectrogramStream gives bit for bit the whole signal's columns however it is cut", () => {
  const random = new Random(2, "noise");
  const samples = Int16Array.from({ length: 5000 }, () => Math.round(random.normal(0, 3000)));
  for (const config of [paper, tiny, { ...tiny, winSeconds: 0.005, hopSeconds: 0.02 }]) {
    const whole = logSpectrogram(samples, config);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 8 }), (cuts) => {
        const stream = new SpectrogramStream(config);
        const parts: number[] = [];
        let start = 0;
        for (const length of cuts) {
          parts.push(...stream.push(samples.subarray(start, start + length)));
          start = Math.min(samples.length, start + length);
        }
        parts.push(...stream.push(samples.subarray(start)), ...stream.finish());
        assert.deepEqual(Float32Array.from(parts), whole);
      }),
      { numRuns: 10 },
    );
  }
});
