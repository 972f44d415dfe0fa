import assert from "node:assert/strict";
import { curvePlot } from "../../../../lib/reproduction/html/curve_plot.ts";
import { exactScale, linearScale } from "../../../../lib/reproduction/html/scale.ts";

Deno.test("curvePlot() draws lines, band and level where the axes say they are", () => {
  const svg = String(curvePlot({
    id: "c",
    title: "loss",
    description: "falls",
    x: { title: "steps", scale: exactScale([0, 200]), text: String },
    y: { title: "nats", scale: linearScale([0, 4]), text: String },
    line: [[0, 4], [50, 1], [200, 0]],
    band: [{ x: 0, interval: [3, 4] }, { x: 200, interval: [0, 1] }],
    level: { value: Math.log(12), title: "chance 2.48" },
  }));
  const points = (name: string) => svg.match(new RegExp(`class="${name}"\\s+points="([^"]*)"`))?.[1];
  assert.equal(points("curve"), "0,0 25,75 100,100");
  assert.equal(points("band"), "0,25 100,100 100,75 0,0");
  const tick = (text: string) =>
    Number(svg.match(new RegExp(`y="([\\d.]+)" text-anchor="end">${text}<`))![1]) - 4;
  const expected = tick("0") + Math.log(12) / 4 * (tick("4") - tick("0"));
  const level = Number(svg.match(/class="chance"\s+x1="13%"\s+x2="98%"\s+y1="([\d.]+)"/)![1]);
  assert.ok(Math.abs(level - expected) < 0.011, `${level} instead of ${expected}`);
});
