import assert from "node:assert/strict";
import { colourOf } from "../../../../lib/reproduction/html/saliency_pictures.ts";

Deno.test("colourOf() goes from viridis' first to its last colour with ever more lightness", () => {
  assert.deepEqual(colourOf(0), [68, 1, 84]);
  assert.deepEqual(colourOf(255), [253, 231, 37]);
  const lightness = Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = colourOf(i);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  for (let i = 8; i < 256; i += 8) assert.ok(lightness[i] > lightness[i - 8], `at ${i}`);
});
