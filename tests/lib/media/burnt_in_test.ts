import assert from "node:assert/strict";
import { findBurntIn, LevelRange } from "../../../lib/media/burnt_in.ts";
import { Random } from "../../../lib/random.ts";

const [width, height] = [144, 112];
type Draw = (x: number, y: number) => number | undefined;

/** Speckle that changes from frame to frame, with something drawn over all frames. */
function rangeOf(draw: Draw, speckle = 60): LevelRange {
  const random = new Random(1, "speckle");
  const range = new LevelRange({ width, height });
  for (let frame = 0; frame < 20; frame++) {
    range.take(Uint8Array.from({ length: width * height }, (_, pixel) => {
      const drawn = draw(pixel % width, Math.floor(pixel / width));
      // Coding makes still pixels flicker.
      return (drawn ?? random.uniform(0, speckle)) + random.uniform(0, 6);
    }));
  }
  return range;
}

/** A letter H of lines two pixels wide. */
const letter: Draw = (x, y) => {
  const [dx, dy] = [x - 100, y - 50];
  if (dx < 0 || dx > 7 || dy < 0 || dy > 9) return undefined;
  return dx < 2 || dx > 5 || (dy > 3 && dy < 6) ? 200 : undefined;
};

Deno.test("findBurntIn() finds a letter over moving speckle, and where it is", () => {
  const found = findBurntIn(rangeOf(letter))!;
  const inside = (pixel: number) => letter(pixel % width, Math.floor(pixel / width)) !== undefined;
  assert.ok(found.mask.every((value, pixel) => value === 0 || inside(pixel)));
  const drawn = found.mask.reduce((sum, _, pixel) => sum + (inside(pixel) ? 1 : 0), 0);
  assert.ok(found.share * width * height > 0.6 * drawn);
});

Deno.test("findBurntIn() finds nothing in speckle, in saturated tissue and in dark letters", () => {
  assert.equal(findBurntIn(rangeOf(() => undefined)), undefined);
  const tissue: Draw = (x, y) => (x - 60) ** 2 / 900 + (y - 50) ** 2 / 250 < 1 ? 245 : undefined;
  assert.equal(findBurntIn(rangeOf(tissue)), undefined);
  assert.equal(findBurntIn(rangeOf((x, y) => letter(x, y) && 5)), undefined);
});

Deno.test("findBurntIn() tells nothing where nothing moves", () => {
  assert.equal(findBurntIn(rangeOf(letter, 4)), undefined);
});

Deno.test("findBurntIn() leaves alone a letter that is there for half of the time", () => {
  const range = rangeOf(letter);
  range.take(new Uint8Array(width * height).fill(20));
  assert.equal(findBurntIn(range), undefined);
});
