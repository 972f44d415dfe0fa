import assert from "node:assert/strict";
import { dirname } from "node:path";
import { InputReader } from "../../lib/data/inputs.ts";
import { resolveRunConfig } from "../../lib/config.ts";
import { sharedData } from "../lib/shared_data.ts";
import { meanFrame, meanSpectrum, pairWindows, readJoinedPairs, windowSeconds } from "./joined_pairs.ts";

const list = sharedData("joined_patient_digit.csv");

Deno.test({
  name: "readJoinedPairs() reads every row of the real list, and its windows tell nothing by their length " +
    "(needs the public recordings)",
  ignore: list === undefined,
  fn: async () => {
    const pairs = await readJoinedPairs(dirname(list!));
    assert.equal(pairs.length, 60);
    assert.equal(pairs.filter(({ split }) => split === "test").length, 20);
    const digits = new Set(pairs.map(({ digit }) => digit));
    assert.equal(digits.size, 10);
    const dataset = pairWindows(pairs);
    const windows = dataset.windows();
    // Clips of 2.4 to 4 s.
    assert.ok(windows.length >= 60 * 4 && windows.length <= 60 * 6, `${windows.length} windows`);
    assert.deepEqual(windows.map(({ id }) => id), [...windows.keys()]);
    const { model } = resolveRunConfig({ file: { model: { speechSize: [64, 64] } } });
    const inputs = new InputReader(dataset, model, windowSeconds);
    const heard = ["r0", "r8"].map((scanId) => {
      const out = new Float32Array(2 * 64 * 64);
      inputs.speech(scanId, 0, out, 0);
      inputs.speech(scanId, 2 * windowSeconds, out, 64 * 64);
      return out;
    });
    // All windows of a clip say the same; two rows do not.
    for (const out of heard) assert.deepEqual(out.slice(0, 64 * 64), out.slice(64 * 64));
    assert.notDeepEqual(heard[0], heard[1]);
    for (const pair of pairs) {
      assert.ok(meanFrame(pair).every(Number.isFinite) && meanSpectrum(pair).every(Number.isFinite));
    }
  },
});
