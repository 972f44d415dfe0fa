import assert from "node:assert/strict";
import { Brush } from "../../../lib/phantom/brush.ts";
import { innerSquare, Sector } from "../../../lib/phantom/sector.ts";

const sector = new Sector({ depth: 12, radius: 5, halfAngle: 0.55 }, [120, 160]);

function nearest(x: number, y: number): number {
  let best = 0;
  for (let i = 1; i < sector.x.length; i++) {
    if (Math.hypot(sector.x[i] - x, sector.y[i] - y) < Math.hypot(sector.x[best] - x, sector.y[best] - y)) {
      best = i;
    }
  }
  return best;
}

Deno.test("Sector.convert() reproduces a constant inside the fan and leaves the outside alone", () => {
  const picture = new Uint8Array(120 * 160).fill(7);
  sector.convert(new Float32Array(sector.x.length).fill(200), picture);
  assert.deepEqual([...new Set(picture)].sort((a, b) => a - b), [7, 200]);
  const share = picture.filter((grey) => grey === 200).length / picture.length;
  assert.ok(share > 0.4 && share < 0.8, `share of the fan ${share}`);
});

Deno.test("Sector.convert() keeps straight lines straight: grid values of x become columns", () => {
  const picture = new Uint8Array(120 * 160);
  sector.convert(sector.x.map((x) => 128 + 12 * x), picture);
  for (const column of [60, 80, 100]) {
    const inside = [];
    for (let row = 40; row < 110; row++) inside.push(picture[row * 160 + column]);
    assert.ok(Math.max(...inside) - Math.min(...inside) <= 1, `column ${column}: ${inside}`);
  }
});

Deno.test("Brush.ellipse() fills inside, leaves outside, and a rim is hollow", () => {
  const brush = new Brush(sector);
  brush.clear({ echo: -7 });
  brush.place({ x: 1, y: 6, angle: Math.PI / 2, scale: 2, mirror: 1, opacity: 1 });
  brush.ellipse({ at: [0, 0], radii: [1, 0.5], echo: 10 });
  const long = brush.level[nearest(1, 7.6)], short = brush.level[nearest(2.6, 6)];
  assert.deepEqual([brush.level[nearest(1, 6)], long, short], [10, 10, -7]);
  brush.ellipse({ at: [0, 0], radii: [1, 0.5], rim: 0.2, echo: 20 });
  assert.equal(brush.level[nearest(1, 6)], 10);
  assert.equal(brush.level[nearest(1, 8)], 20);
});

Deno.test("Brush.stroke() paints along its points, mirrored by the pose, weaker where it runs along the beam", () => {
  const brush = new Brush(sector);
  brush.clear({ echo: 0 });
  brush.place({ x: 0, y: 6, angle: 0, scale: 1, mirror: -1, opacity: 1 });
  brush.stroke({ points: [[1, -1], [3, -1]], thickness: 0.6, echo: 20, specular: 10 });
  assert.equal(brush.level[nearest(2, 5)], 0);
  const across = brush.level[nearest(-2, 5)];
  brush.stroke({ points: [[0, 1], [0, 4]], thickness: 0.6, echo: 20, specular: 10 });
  assert.ok(across > 15 && across <= 20, `across the beam ${across}`);
  assert.ok(
    Math.abs(brush.level[nearest(0, 8.5)] - 10) < 0.5,
    `along the beam ${brush.level[nearest(0, 8.5)]}`,
  );
});

Deno.test("innerSquare() touches the fan's outline and lies inside it", () => {
  for (const halfAngle of [0.4, 0.55, 0.7]) {
    const form = { depth: 12, radius: 5, halfAngle };
    const { top, half } = innerSquare(form);
    const bottom = Math.hypot(half, top + 2 * half + form.radius);
    assert.ok(Math.abs(bottom - (form.radius + form.depth)) < 1e-6, `lower corners at ${bottom}`);
    assert.ok(top >= 0 && Math.atan2(half, top + form.radius) <= halfAngle + 1e-6);
  }
});
