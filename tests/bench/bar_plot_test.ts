import assert from "node:assert/strict";
import { barPlot } from "./bar_plot.ts";

const group = { title: "Step", unit: "ms", bars: [{ label: "a", value: 10 }, { label: "b", value: 1000 }] };

function widthsOf(svg: string): number[] {
  return [...svg.matchAll(/<rect class="bar"[^>]* width="([\d.]+)"/g)].map((match) => Number(match[1]));
}

Deno.test("barPlot() draws bars on a logarithmic scale that begins a decade below the smallest", () => {
  const svg = barPlot("Title", [group]);
  const [small, large] = widthsOf(svg);
  // The scale goes from 1 to 1000: one decade and three of them.
  assert.ok(Math.abs(large / small - 3) < 1e-3, `${small} and ${large}`);
  for (const tick of ["1", "10", "100", "1000"]) assert.match(svg, new RegExp(`middle">${tick}</text>`));
  assert.match(svg, />1000 ms<\/text>/);
});

Deno.test("barPlot() puts groups below each other, leaves empty ones out and escapes texts", () => {
  const svg = barPlot("A < B & C", [group, { ...group, bars: [] }, { ...group, title: "<x>" }]);
  assert.match(svg, /<title>A &lt; B &amp; C<\/title>/);
  assert.match(svg, /&lt;x&gt; \(ms, logarithmic\)/);
  assert.equal(widthsOf(svg).length, 4);
  const heads = [...svg.matchAll(/class="head" x="16" y="(\d+)"/g)].map((match) => Number(match[1]));
  assert.deepEqual(heads, heads.toSorted((a, b) => a - b));
  assert.equal(new Set(heads).size, 3);
});

Deno.test("barPlot() refuses what has no logarithm", () => {
  for (const value of [0, -1, NaN, Infinity]) {
    assert.throws(() => barPlot("x", [{ ...group, bars: [{ label: "a", value }] }]), /above 0/);
  }
});
