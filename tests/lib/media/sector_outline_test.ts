import assert from "node:assert/strict";
import type { CropBox } from "../../../lib/media/crop.ts";
import {
  areaOf,
  boxWithin,
  keptPixels,
  outlineOf,
  type SectorOutline,
} from "../../../lib/media/sector_outline.ts";

const [width, height] = [160, 120];
const whole: CropBox = { x: 0, y: 0, width, height };

function maskOf(inside: (x: number, y: number) => boolean): Uint8Array {
  return Uint8Array.from(
    { length: width * height },
    (_, i) => inside(i % width, Math.floor(i / width)) ? 1 : 0,
  );
}

/** A fan of 70° between two arcs around a point above the picture. */
function inFan(x: number, y: number): boolean {
  const [dx, dy] = [x - 80, y + 10];
  const radius = Math.hypot(dx, dy);
  return radius > 30 && radius < 120 && Math.abs(Math.atan2(dx, dy)) < (35 * Math.PI) / 180;
}

Deno.test("outlineOf() holds all of a fan, with its curved face, and hardly more", () => {
  const fan = maskOf(inFan);
  const outline = outlineOf(fan, { width, height }, whole);
  assert.ok(outline.length < 40, `${outline.length} corners`);
  // By trying the middle of every pixel (even and odd crossings).
  const kept = keptPixels(outline, whole, [4 * height, 4 * width]);
  const isKept = (x: number, y: number) => kept[(4 * y + 2) * 4 * width + 4 * x + 2] === 1;
  let [missed, added, size] = [0, 0, 0];
  fan.forEach((inside, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    size += inside;
    if (inside && !isKept(x, y)) missed++;
    if (!inside && isKept(x, y)) added++;
  });
  // A kept pixel has a pixel of room around it, so the fan's own edge is in only with the margin's help.
  assert.ok(missed < 0.01 * size, `${missed} of ${size} missed`);
  assert.ok(added < 0.03 * size, `${added} added`);
  // Above the middle of the curved face nothing is kept, though both horns reach higher.
  assert.ok(inFan(64, 16) && !isKept(80, 12));
});

Deno.test("outlineOf() gives a rectangle four corners in the pixels of the picture", () => {
  const box = maskOf((x, y) => x >= 40 && x < 120 && y >= 30 && y < 90);
  const outline = outlineOf(box, { width, height }, { x: 100, y: 50, width: 2 * width, height: 3 * height });
  assert.deepEqual(outline, [[178, 137], [342, 137], [342, 323], [178, 323]]);
  assert.equal(areaOf(outline), 164 * 186);
});

Deno.test("keptPixels() keeps no pixel whose patch, or a pixel around it, touches what lies outside", () => {
  const triangle: SectorOutline = [[10, 0], [160, 0], [10, 120]];
  const crop = { x: 5, y: 3, width: 100, height: 90 };
  const size = [12, 10] as const;
  const kept = keptPixels(triangle, crop, size);
  assert.ok(kept.some((value) => value === 1) && kept.some((value) => value === 0));
  const isInside = (x: number, y: number) => x >= 10 && y >= 0 && (x - 10) / 150 + y / 120 <= 1;
  kept.forEach((value, pixel) => {
    const [column, row] = [pixel % 10, Math.floor(pixel / 10)];
    const corners = [column * 10 - 1, (column + 1) * 10 + 1].flatMap((x) =>
      [row * 7.5 - 1, (row + 1) * 7.5 + 1].map((y) =>
        isInside(Math.min(105, Math.max(5, 5 + x)), Math.min(93, Math.max(3, 3 + y)))
      )
    );
    assert.equal(value, corners.every(Boolean) ? 1 : 0, `column ${column}, row ${row}`);
  });
});

Deno.test("keptPixels() keeps all of a crop that fills its outline, though the outline touches it", () => {
  const outline: SectorOutline = [[20, 10], [116, 10], [116, 82], [20, 82]];
  const crop = { x: 20, y: 10, width: 96, height: 72 };
  assert.ok(keptPixels(outline, crop, [24, 32]).every((value) => value === 1));
  assert.ok(keptPixels(outline, { ...crop, x: 19 }, [24, 32]).some((value) => value === 0));
});

Deno.test("boxWithin() lies inside the outline as a whole", () => {
  const outline = outlineOf(maskOf(inFan), { width, height }, { x: 0, y: 0, width: 640, height: 480 });
  const box = boxWithin(outline, { width: 640, height: 480 }, 4 / 3);
  assert.ok(Math.abs(box.width / box.height - 4 / 3) < 0.03, JSON.stringify(box));
  // The largest 4:3 box wholly inside this fan is 324 × 244 pixels; the outline has a margin of 4.
  assert.ok(box.height > 210 && box.height <= 256, JSON.stringify(box));
  assert.ok(keptPixels(outline, box, [48, 64]).every((value) => value === 1));
});
