/**
 * The masks that a dataset was prepared with, for further videos of the same scanners.
 *
 * Whoever embeds a video with a run, or searches with one, must show the network what it was trained on: the sector as
 * the dataset's masks give it. To find it anew would give another outline, silently.
 *
 * @module
 */

import type { PictureSize } from "../media/crop.ts";
import type { ScanRecord } from "./dataset_records.ts";
import { digestOutline, maskFormatVersion, type MaskTemplate } from "./mask_template.ts";
import type { MaskChoice } from "./sector_gate.ts";

/** What of a scan tells its mask. */
export type MaskedScan = Pick<ScanRecord, "picture" | "mask">;

/**
 * The masks that were given for a dataset's scans, one for each size of pictures, before which go `given` ones.
 *
 * A size needs one of them when the dataset's scans of that size have given masks, or all of its scans have.
 *
 * @param given Templates that are named now.
 */
export function masksLike(scans: readonly MaskedScan[], given: readonly MaskTemplate[] = []): MaskChoice {
  const byTemplate = scans.flatMap(({ picture, mask }) =>
    mask?.origin === "template" ? [toTemplate(picture, mask)] : []
  );
  const isFoundToo = scans.some(({ mask }) => mask?.origin !== "template");
  const bySize = Map.groupBy(byTemplate, ({ frameSize }) => keyOf(frameSize));
  const single = [...bySize.values()].flatMap((masks) =>
    new Set(masks.map(digestOutline)).size === 1 ? [masks[0]] : []
  );
  const named = new Set(given.map(({ frameSize }) => keyOf(frameSize)));
  return {
    others: [...given, ...single.filter(({ frameSize }) => !named.has(keyOf(frameSize)))],
    isRequired: (size) => bySize.has(keyOf(size)) || (byTemplate.length > 0 && !isFoundToo),
  };
}

function toTemplate(frameSize: PictureSize, mask: NonNullable<ScanRecord["mask"]>): MaskTemplate {
  const sector = { kind: "polygon", points: mask.outline } as const;
  const confirmed = mask.isConfirmed ? { at: "", sha256: digestOutline({ frameSize, sector }) } : null;
  const doubts = mask.doubts ?? [];
  return {
    ...{ formatVersion: maskFormatVersion, scanner: "", frameSize, sector, madeFrom: null },
    ...{ doubts, confirmed },
  };
}

function keyOf({ width, height }: PictureSize): string {
  return `${width}x${height}`;
}
