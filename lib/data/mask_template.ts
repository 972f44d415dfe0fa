/**
 * Masks of scanners' pictures as files that can be looked at, confirmed and used again.
 *
 * A template says where the sector lies in pictures of one size. It is confirmed by somebody who has looked at its
 * contact sheet; the confirmation is of the outline as it was then, and lapses when that is changed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";
import * as v from "valibot";
import { SonospeechError } from "../errors.ts";
import { writeJsonAtomic } from "../records/atomic_file.ts";
import type { PictureSize } from "../media/crop.ts";
import { areaOf, type SectorOutline } from "../media/sector_outline.ts";

/** Version of the file's layout. */
export const maskFormatVersion = 1 as const;

/** A mask for all pictures of one layout of one scanner. */
export interface MaskTemplate {
  /** Version of the layout, {@linkcode maskFormatVersion}. */
  readonly formatVersion: 1;
  /** Whose pictures these are, in words. */
  readonly scanner: string;
  /** Size of the pictures. */
  readonly frameSize: PictureSize;
  /** Where the sector lies, in pixels of the picture. */
  readonly sector: { readonly kind: "polygon"; readonly points: SectorOutline };
  /** SHA-256 over the digests of the scans it was found in; null when it was drawn by hand. */
  readonly madeFrom: string | null;
  /** Why the outline that was found is probably not the sector's; empty when it looks like one, or was drawn by hand. */
  readonly doubts: readonly string[];
  /** When somebody confirmed it, and the digest of the outline then; null when nobody has. */
  readonly confirmed: { readonly at: string; readonly sha256: string } | null;
}

const size = v.pipe(v.number(), v.integer(), v.minValue(1));
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "a SHA-256 in hexadecimal"));
const schema: v.GenericSchema<unknown, MaskTemplate> = v.strictObject({
  formatVersion: v.literal(maskFormatVersion),
  scanner: v.string(),
  frameSize: v.strictObject({ width: size, height: size }),
  sector: v.strictObject({
    kind: v.literal("polygon"),
    points: v.pipe(v.array(v.strictTuple([v.number(), v.number()])), v.minLength(3)),
  }),
  madeFrom: v.nullable(digest),
  // Templates that were made before doubts were noted have none.
  doubts: v.optional(v.array(v.string()), []),
  confirmed: v.nullable(v.strictObject({ at: v.string(), sha256: digest })),
});

/** Below this share of the picture a polygon is no sector. */
const leastShare = 0.01;

/**
 * Reads a template.
 *
 * @param options.isToConfirm Whether it may have been changed since it was confirmed.
 * @throws SonospeechError `input` when it is none, its outline leaves the picture, or it was changed after it was
 * confirmed.
 */
export async function readMaskTemplate(
  path: string,
  { isToConfirm = false }: { isToConfirm?: boolean } = {},
): Promise<MaskTemplate> {
  const refuse = (must: string, received?: unknown, hint?: string): never => {
    throw new SonospeechError("input", {
      action: `read the mask ${basename(path)}`,
      must,
      received,
      hint,
      publicMessage: `Cannot read a mask: ${must}`,
    });
  };
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    return refuse("it must be a readable JSON file, as the command mask writes", (error as Error).name);
  }
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return refuse(`${v.getDotPath(issue) ?? "it"} must be ${issue.expected}`, issue.received);
  }
  const { frameSize: { width, height }, sector: { points } } = parsed.output;
  const outside = points.find(([x, y]) => !(x >= 0 && y >= 0 && x <= width && y <= height));
  if (outside) refuse(`its corners must lie in the picture of ${width} × ${height} pixels`, outside);
  if (areaOf(points) < leastShare * width * height) {
    refuse("its outline must hold a hundredth of the picture at least", `${areaOf(points)} pixels`);
  }
  const { confirmed, doubts } = parsed.output;
  if (confirmed !== null && doubts.length > 0 && !isToConfirm) refuseDoubts(parsed.output, refuse);
  if (!isToConfirm && confirmed !== null && confirmed.sha256 !== digestOutline(parsed.output)) {
    refuse(
      "its outline must be the one that was confirmed",
      "another one",
      "Look at it on its contact sheet and confirm it again: mask FILE --confirm",
    );
  }
  return parsed.output;
}

/** Writes a template. */
export async function writeMaskTemplate(path: string, template: MaskTemplate): Promise<void> {
  await writeJsonAtomic(path, template);
}

/**
 * The template as somebody confirms it now.
 *
 * @throws SonospeechError `input` while it is in doubt: to look at it is not enough, somebody must settle the doubts.
 */
export function confirmMask(template: MaskTemplate, now: Date): MaskTemplate {
  refuseDoubts(template, (must, received, hint) => {
    throw new SonospeechError("input", { action: "confirm a mask", must, received, hint });
  });
  return { ...template, confirmed: { at: now.toISOString(), sha256: digestOutline(template) } };
}

function refuseDoubts(
  { doubts }: Pick<MaskTemplate, "doubts">,
  refuse: (must: string, received: unknown, hint: string) => never,
): void {
  if (doubts.length === 0) return;
  refuse(
    "its doubts must be settled before it is confirmed",
    doubts.join("; "),
    'Look at it in masks.html, change its corners where they are wrong, and write "doubts": [] into its file',
  );
}

/** SHA-256 of what a template keeps. */
export function digestOutline({ frameSize, sector }: Pick<MaskTemplate, "frameSize" | "sector">): string {
  const values = [frameSize.width, frameSize.height, sector.points];
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

/**
 * Refuses templates among which a picture's size does not tell which one to use.
 *
 * @throws SonospeechError `input`.
 */
export function requireTellable(templates: readonly MaskTemplate[]): void {
  const sizes = templates.map(({ frameSize: { width, height } }) => `${width} × ${height}`);
  const twice = sizes.find((text, i) => sizes.indexOf(text) !== i);
  if (twice === undefined) return;
  throw new SonospeechError("input", {
    action: "use the masks",
    must: "each must be for pictures of another size",
    received: `two for ${twice} pixels`,
    hint: "Name the mask of each scan in the manifest's column mask.",
  });
}
