import assert from "node:assert/strict";
import { boxInside, type CropBox, findFan, MotionMap, type PictureSize } from "../../../lib/media/crop.ts";
import { Random } from "../../../lib/random.ts";

const width = 160;
const height = 120;

/** Frames in which noise moves where `inside` says so and everything else is still. */
function observe(inside: (x: number, y: number) => boolean): MotionMap {
  const motion = new MotionMap({ width, height });
  const random = new Random(1, "crop");
  for (let frame = 0; frame < 12; frame++) {
    motion.take(Uint8Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      return inside(x, y) ? random.integer(256) : x % 7 * 30;
    }));
  }
  return motion;
}

/** A fan of 70° between two arcs around a point above the picture. */
function inFan(x: number, y: number): boolean {
  const [dx, dy] = [x - 80, y + 10];
  const radius = Math.hypot(dx, dy);
  return radius > 30 && radius < 125 && Math.abs(Math.atan2(dx, dy)) < (35 * Math.PI) / 180;
}

/** The box in the fan that is found. */
function cropTo(motion: MotionMap, picture: PictureSize, aspect: number): CropBox {
  return boxInside(findFan(motion).inside!, motion.size, picture, aspect);
}

function* pixelsOf(box: CropBox): Generator<[number, number]> {
  for (let y = box.y; y < box.y + box.height; y++) {
    for (let x = box.x; x < box.x + box.width; x++) yield [x, y];
  }
}

Deno.test("boxInside() takes a large box inside the fan, with the wanted shape", () => {
  const box = cropTo(observe(inFan), { width, height }, 4 / 3);
  assert.ok(Math.abs(box.width / box.height - 4 / 3) < 0.05);
  const pixels = [...pixelsOf(box)];
  assert.ok(pixels.filter(([x, y]) => inFan(x, y)).length >= 0.97 * pixels.length);
  // Trying all boxes, the largest 4:3 box wholly inside this fan is 81 × 61 pixels.
  assert.ok(box.height >= 58 && box.height <= 66, JSON.stringify(box));
});

Deno.test("boxInside() gives the box in the pixels of the scan's own picture", () => {
  const inBox = (x: number, y: number) => x >= 40 && x < 120 && y >= 30 && y < 90;
  const box = cropTo(observe(inBox), { width: 4 * width, height: 2 * height }, 1);
  // 320 × 120 scan pixels move; the largest square has 120.
  assert.ok(
    box.width >= 116 && box.width <= 124 && box.height >= 116 && box.height <= 120,
    JSON.stringify(box),
  );
  assert.ok(box.x >= 160 && box.x + box.width <= 480 && box.y >= 60 && box.y + box.height <= 180);
});

Deno.test("findFan() looks through still shadows in the fan and past a moving counter beside it", () => {
  const shadow = (x: number, y: number) => Math.abs(x - 80) < 6 && y > 60 && y < 80;
  const counter = (x: number, y: number) => x < 12 && y < 8;
  const plain = cropTo(observe(inFan), { width, height }, 1);
  const marked = observe((x, y) => (inFan(x, y) && !shadow(x, y)) || counter(x, y));
  assert.deepEqual(cropTo(marked, { width, height }, 1), plain);
});

Deno.test("findFan() finds none and says why when nothing is still or hardly anything moves", () => {
  for (const inside of [() => true, () => false, (x: number, y: number) => x < 10 && y < 10]) {
    const { inside: fan, note } = findFan(observe(inside));
    assert.equal(fan, undefined);
    assert.match(note!, /nothing cropped/);
  }
});
