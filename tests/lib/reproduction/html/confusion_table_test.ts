import assert from "node:assert/strict";
import { confusionTable } from "../../../../lib/reproduction/html/confusion_table.ts";
import { style } from "../../../../lib/reproduction/html/style.ts";

Deno.test("confusionTable() has each count with its share of the row, sums and accuracy", () => {
  const table = String(confusionTable("Random", { classes: ["a", "b"], counts: [[9, 1], [0, 4]] }));
  const cells = [...table.matchAll(/<td class="(s\d) (\w*)">\s*(\d+)\s*(?:<small>(\d+)<\/small>)?/g)]
    .map(([, shade, right, count, share]) => [shade, right, count, share]);
  assert.deepEqual(cells, [
    ["s9", "right", "9", "90"],
    ["s1", "", "1", "10"],
    ["s0", "", "0", undefined],
    ["s9", "right", "4", "100"],
  ]);
  assert.deepEqual([...table.matchAll(/<td class="sum">(\d+)/g)].map(([, sum]) => sum), [
    "10",
    "4",
    "9",
    "5",
    "14",
  ]);
  assert.match(table, /<caption>[\s\S]*92\.9\u00a0%\s+are right/);
});

Deno.test("confusionTable() says of a small share that it is below one percent, not none", () => {
  const table = String(confusionTable("x", { classes: ["a", "b"], counts: [[999, 1], [0, 0]] }));
  assert.match(table, /<td class="s1 ">\s*1\s*<small>&lt;1<\/small>/);
});

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

Deno.test("style gives every shade of the confusion matrix a text of contrast 4.5 or more, light and dark", () => {
  const texts = [...style.matchAll(/--text:(#[0-9a-f]{6})/g)].map(([, colour]) => colour);
  const shades = [
    ...style.matchAll(/\.s\d\{background:(#[0-9a-f]{6});color:(var\(--text\)|#[0-9a-f]{6})\}/g),
  ];
  assert.equal(texts.length, 2);
  assert.equal(shades.length, 20);
  shades.forEach(([, background, named], i) => {
    const colour = named.startsWith("#") ? named : texts[i < 10 ? 0 : 1];
    const [low, high] = [luminance(background), luminance(colour)].sort((a, b) => a - b);
    assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${colour} on ${background}`);
  });
});
