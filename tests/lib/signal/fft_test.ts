import assert from "node:assert/strict";
import { Random } from "../../../lib/random.ts";
import { hannWindow, PowerSpectrum } from "../../../lib/signal/fft.ts";

Deno.test("PowerSpectrum agrees with the discrete Fourier transform as a plain sum", () => {
  const nFft = 32;
  const random = new Random(5, "signal");
  const samples = Array.from({ length: nFft }, () => random.normal());
  const power = new PowerSpectrum(nFft).of(samples);
  for (let k = 0; k <= nFft / 2; k++) {
    let [real, imaginary] = [0, 0];
    samples.forEach((sample, n) => {
      real += sample * Math.cos((2 * Math.PI * k * n) / nFft);
      imaginary -= sample * Math.sin((2 * Math.PI * k * n) / nFft);
    });
    assert.ok(Math.abs(power[k] - (real ** 2 + imaginary ** 2)) < 1e-9);
  }
});

Deno.test("PowerSpectrum keeps the energy (Parseval)", () => {
  const nFft = 512;
  const random = new Random(6, "signal");
  const samples = Array.from({ length: nFft }, () => random.normal());
  const power = new PowerSpectrum(nFft).of(samples);
  const inner = power.subarray(1, nFft / 2).reduce((sum, value) => sum + 2 * value, 0);
  const energy = samples.reduce((sum, value) => sum + value * value, 0);
  assert.ok(Math.abs((inner + power[0] + power[nFft / 2]) / nFft - energy) < 1e-9 * energy);
});

Deno.test("PowerSpectrum refuses a length that is no power of two", () => {
  assert.throws(() => new PowerSpectrum(12));
});

Deno.test("hannWindow() is periodic: two of them half a length apart add up to 1", () => {
  const window = hannWindow(240);
  for (let n = 0; n < 120; n++) assert.ok(Math.abs(window[n] + window[n + 120] - 1) < 1e-12);
});
