import assert from "node:assert/strict";
import { type MaskedScan, masksLike } from "../../../lib/data/known_masks.ts";
import { digestOutline, type MaskTemplate } from "../../../lib/data/mask_template.ts";
import type { SectorOutline } from "../../../lib/media/sector_outline.ts";

const [small, large] = [{ width: 64, height: 48 }, { width: 640, height: 480 }];
const triangle: SectorOutline = [[10, 4], [50, 4], [60, 44]];
const other: SectorOutline = [[10, 4], [50, 4], [60, 40]];

const scan = (
  picture: MaskedScan["picture"],
  outline?: SectorOutline,
  origin: "template" | "found" = "template",
): MaskedScan => ({ picture, mask: outline && { outline, origin, isConfirmed: true } });

Deno.test("masksLike() takes the masks that were given for a dataset's scans, confirmed as they were", () => {
  const { others } = masksLike([scan(small, triangle), scan(small, triangle), scan(large, other)]);
  assert.deepEqual(others!.map(({ frameSize, sector }) => [frameSize, sector.points]), [
    [small, triangle],
    [large, other],
  ]);
  const [mask] = others!;
  assert.equal(mask.confirmed!.sha256, digestOutline(mask));
});

Deno.test("masksLike() requires a mask where the dataset's scans of that size, or all its scans, have given ones", () => {
  const requires = (scans: MaskedScan[]) => [small, large].map((size) => masksLike(scans).isRequired!(size));
  assert.deepEqual(requires([scan(small, triangle)]), [true, true]);
  assert.deepEqual(requires([scan(small, triangle), scan(large, other, "found")]), [true, false]);
  assert.deepEqual(requires([scan(small, triangle, "found")]), [false, false]);
  assert.deepEqual(requires([scan(small)]), [false, false]);
  assert.deepEqual(requires([]), [false, false]);
});

Deno.test("masksLike() takes none of two masks for one size, and one that is named before all", () => {
  const scans = [scan(small, triangle), scan(small, other)];
  assert.deepEqual(masksLike(scans).others, []);
  assert.equal(masksLike(scans).isRequired!(small), true);
  const named: MaskTemplate = { ...masksLike([scan(small, other)]).others![0], scanner: "named" };
  assert.deepEqual(masksLike([scan(small, triangle)], [named]).others, [named]);
});
