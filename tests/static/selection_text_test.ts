import assert from "node:assert/strict";
import fc from "fast-check";
import { longestSelectionText, selectionOf, selectionText } from "../../static/app/charts/selection_text.ts";

const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

Deno.test("selectionText() is read back by selectionOf(), whatever was chosen", () => {
  const id = fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(2 ** 31 - 1));
  fc.assert(fc.property(fc.array(id, { maxLength: 300 }), (ids) => {
    const text = selectionText(ids);
    assert.match(text, /^[A-Za-z0-9_-]*$/);
    assert.deepEqual([...selectionOf(text)], [...new Set(ids)].sort((a, b) => a - b));
  }));
  assert.equal(selectionText([]), "");
  // By hand: orders 1 and 0 (0001 0000), a gap of 5 (0 111), a run of 3 less one (0 11), filled up to EHY.
  assert.equal(selectionText([7, 5, 6, 5]), "EHY");
});

Deno.test("selectionText() fits thousands of windows into an address", () => {
  let seed = 1;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const half = range(0, 6500).filter(() => random() < 0.5);
  const scattered = range(0, 12_000).filter(() => random() < 0.1);
  const scans = range(0, 40).flatMap((scan) => range(1000 * scan, 1000 * scan + 500));
  for (const ids of [half, scattered, scans, range(0, 100_000)]) {
    assert.ok(selectionText(ids).length <= longestSelectionText, `${ids.length} ids`);
  }
  assert.ok(half.length > 3100 && scattered.length > 1000 && scans.length === 20_000);
  const many = range(0, 50_000).filter(() => random() < 0.5);
  assert.ok(selectionText(many).length > longestSelectionText);
  assert.equal(selectionOf(selectionText(many)).size, many.length, "read back all the same");
});

Deno.test("selectionOf() selects nothing for what is no selection, and never fills the memory", () => {
  const noText = ["", "A", "AA", "5~3.w", "=cmd", "AAAAAAAAAAAAAAAA", "é", "*7143"];
  for (const text of noText) assert.equal(selectionOf(text).size, 0, text);
  assert.equal(selectionOf(selectionText(range(0, 1_000_001))).size, 0);
  fc.assert(fc.property(fc.base64String({ maxLength: 400 }), (text) => {
    assert.ok(selectionOf(text.replaceAll(/[+/=]/g, "-")).size < 1_000_001);
  }));
});
