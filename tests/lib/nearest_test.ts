import assert from "node:assert/strict";
import { nearest } from "../../lib/nearest.ts";

Deno.test("nearest() is the known name with the fewest changes", () => {
  assert.equal(nearest("trian", ["prepare", "train", "serve"]), "train");
});
