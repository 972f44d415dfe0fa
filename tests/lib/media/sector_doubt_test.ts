import assert from "node:assert/strict";
import { findFanIn } from "../../../lib/media/crop.ts";
import { sectorDoubts } from "../../../lib/media/sector_doubt.ts";
import { Random } from "../../../lib/random.ts";

const size = { width: 160, height: 120 };
type Shape = (x: number, y: number) => boolean;

/** A fan between two arcs around a point. */
const fan = (middle: number, top: number, inner: number, outer: number, degrees: number): Shape => (x, y) => {
  const [dx, dy] = [x - middle, y - top];
  const radius = Math.hypot(dx, dy);
  return radius > inner && radius < outer && Math.abs(Math.atan2(dx, dy)) < (degrees * Math.PI) / 360;
};
const box = (left: number, top: number, right: number, bottom: number): Shape => (x, y) =>
  x >= left && x < right && y >= top && y < bottom;
const either = (...shapes: Shape[]): Shape => (x, y) => shapes.some((shape) => shape(x, y));

function doubtsOf(shape: Shape): string[] {
  const moving = Uint8Array.from(
    { length: size.width * size.height },
    (_, i) => shape(i % size.width, Math.floor(i / size.width)) ? 1 : 0,
  );
  const found = findFanIn(moving, size);
  assert.ok(found.inside, "something is found");
  return sectorDoubts(moving, found, size);
}

Deno.test("sectorDoubts() has none of the sectors that probes make", () => {
  const random = new Random(1, "speckle");
  const speckle = Array.from({ length: size.width * size.height }, () => random.uniform() < 0.1);
  const convex = fan(80, -10, 30, 120, 70);
  const shapes: Record<string, Shape> = {
    "convex probe": convex,
    "wide convex probe": fan(80, 15, 20, 100, 110),
    "phased array": fan(80, 5, 0, 110, 90),
    "linear probe": box(40, 10, 120, 110),
    "trapezoid": (x, y) => y >= 10 && y < 110 && Math.abs(x - 80) < 30 + y / 4,
    "with a still shadow inside": (x, y) => convex(x, y) && !box(74, 60, 86, 80)(x, y),
    "with still speckle, and a clock beside it": (x, y) =>
      (convex(x, y) && !speckle[y * size.width + x]) || box(0, 0, 14, 8)(x, y),
  };
  for (const [name, shape] of Object.entries(shapes)) assert.deepEqual(doubtsOf(shape), [], name);
});

Deno.test("sectorDoubts() says why what is no single sector is none", () => {
  const comb: Shape = (x, y) => y >= 60 && y < 100 || (y >= 10 && y < 60 && x % 24 < 12);
  const cases: [name: string, shape: Shape, reasons: RegExp[]][] = [
    ["a camera beside the sector", either(fan(45, 0, 20, 90, 60), box(95, 30, 150, 100)), [
      /^2 parts .* move/,
    ]],
    ["two sectors", either(fan(40, 0, 10, 100, 40), fan(120, 0, 10, 100, 40)), [/^2 parts .* move/]],
    ["three pictures", either(box(2, 20, 50, 100), box(56, 20, 104, 100), box(110, 20, 158, 100)), [
      /^3 parts .* move/,
    ]],
    ["a sound wave", comb, [/notches \(it fills \d+ %/, /ragged/]],
    ["a shadow up to the edge", (x, y) => box(40, 10, 120, 110)(x, y) && !box(70, 60, 100, 110)(x, y), [
      /notches/,
    ]],
  ];
  for (const [name, shape, reasons] of cases) {
    const doubts = doubtsOf(shape);
    assert.equal(doubts.length, reasons.length, `${name}: ${doubts}`);
    reasons.forEach((reason, i) => assert.match(doubts[i], reason, name));
  }
});

Deno.test("sectorDoubts() says nothing where no fan was found", () => {
  const moving = new Uint8Array(size.width * size.height);
  assert.deepEqual(sectorDoubts(moving, findFanIn(moving, size), size), []);
});
