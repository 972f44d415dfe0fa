import assert from "node:assert/strict";
import { SonospeechError } from "../../../lib/errors.ts";
import { hertzToMel, linearBands, melBands, melToHertz } from "../../../lib/signal/filter_bank.ts";

Deno.test("linearBands() gives every bin but the first to exactly one band, as a mean", () => {
  for (const [bands, nFft] of [[256, 512], [100, 512], [64, 512], [3, 8]]) {
    const used = new Array(nFft / 2 + 1).fill(0);
    for (const { firstBin, weights } of linearBands(bands, nFft)) {
      assert.ok(Math.abs(weights.reduce((a, b) => a + b) - 1) < 1e-12);
      weights.forEach((_, i) => used[firstBin + i]++);
    }
    assert.deepEqual(used, [0, ...new Array(nFft / 2).fill(1)]);
  }
  assert.throws(() => linearBands(257, 512), SonospeechError);
});

Deno.test("hertzToMel() is Slaney's scale and melToHertz() its inverse", () => {
  // 200/3 Hz a mel below 1 kHz, a factor of 6.4 every 27 mels above.
  assert.equal(hertzToMel(200), 3);
  assert.equal(hertzToMel(1000), 15);
  assert.ok(Math.abs(hertzToMel(6400) - 42) < 1e-12);
  for (const hertz of [10, 440, 999, 1001, 11000]) {
    assert.ok(Math.abs(melToHertz(hertzToMel(hertz)) - hertz) < 1e-9);
  }
});

Deno.test("melBands() are means around centres evenly spaced in mel", () => {
  const top = hertzToMel(12000);
  melBands(20, 4096, 24000).forEach(({ firstBin, weights }, band) => {
    assert.ok(Math.abs(weights.reduce((a, b) => a + b) - 1) < 1e-12);
    const peak = firstBin + weights.indexOf(Math.max(...weights));
    assert.ok(Math.abs((peak * 24000) / 4096 - melToHertz((top * (band + 1)) / 21)) < 24000 / 4096);
  });
});

Deno.test("melBands() leave no band empty, however few bins there are", () => {
  for (const { firstBin, weights } of melBands(256, 512, 24000)) {
    assert.ok(weights.some((weight) => weight > 0));
    assert.ok(firstBin >= 0 && firstBin + weights.length <= 257);
  }
});
