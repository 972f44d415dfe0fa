import assert from "node:assert/strict";
import { resolveRunConfig } from "../../lib/config.ts";

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
