import assert from "node:assert/strict";
import { resolvePrepareConfig, resolveRunConfig } from "../../lib/config.ts";
import type { SonospeechError } from "../../lib/errors.ts";

Deno.test("resolveRunConfig() refuses bags with equation 2 as printed, which has one positive a pair", () => {
  assert.equal(resolveRunConfig({ set: ["data.bagSeconds=4"] }).data.bagSeconds, 4);
  assert.throws(
    () => resolveRunConfig({ set: ["data.bagSeconds=4", "losses.contrastiveForm=literal"] }),
    /data\.bagSeconds must be 0 with losses\.contrastiveForm=literal.*received 4/,
  );
});

Deno.test("resolveRunConfig() changes nothing but the config, whatever a setting is called", () => {
  for (
    const set of ["__proto__.polluted=1", "data.__proto__.polluted=1", "constructor.prototype.polluted=1"]
  ) {
    assert.throws(() => resolveRunConfig({ set: [set] }), /every key must be known/);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
  }
});

Deno.test("resolveRunConfig() refuses decays of 1, which leave moments at 0 and divide by it", () => {
  for (const name of ["beta1", "beta2"]) {
    assert.throws(
      () => resolveRunConfig({ set: [`optimizer.${name}=1`] }),
      new RegExp(`optimizer.${name} must`),
    );
  }
});

Deno.test("resolveRunConfig() refuses a temperature that begins where nothing is learned of it", () => {
  const at = (initial: number) => resolveRunConfig({ set: [`losses.initialTemperature=${initial}`] });
  assert.equal(at(0.01).losses.initialTemperature, 0.01);
  assert.throws(() => at(0.005), /initialTemperature must be at least losses\.minimumTemperature = 0\.01/);
});

Deno.test("resolvePrepareConfig() refuses columns that are no whole number of samples apart", () => {
  const hop = (hopSeconds: number, sampleRate = 24000) =>
    resolvePrepareConfig({ file: { spectrogram: { hopSeconds, sampleRate } } }).spectrogram.hopSeconds;
  for (const seconds of [0.005, 0.01, 0.0125, 1 / 24000]) assert.equal(hop(seconds), seconds);
  assert.equal(hop(0.01, 16000), 0.01);
  for (const [seconds, nearest] of [[0.0116, "0.011583"], [1e-5, "0.0000416"]] as const) {
    assert.throws(() => hop(seconds), (error: SonospeechError) => {
      assert.match(error.message, /whole number of samples.*24000 Hz, received/);
      return error.hint!.startsWith(`the nearest is ${nearest}`);
    });
  }
});
