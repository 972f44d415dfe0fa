/** Videos with a name written beside and into the sector, and what the gate makes of them. @module */

import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../lib/config.ts";
import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { findMasks } from "../../lib/data/find_masks.ts";
import type { MaskTemplate } from "../../lib/data/mask_template.ts";
import { prepareDataset, type PrepareEvent, type PrepareOptions } from "../../lib/data/prepare.ts";
import { listScans } from "../../lib/data/prepare_inputs.ts";
import { ffmpeg } from "../lib/media/make_media.ts";

/** Bars like letters, each 2 pixels wide and 12 high. */
const letters = (x: number, y: number) =>
  [0, 6, 12, 18].map((dx) => `drawbox=x=${x + dx}:y=${y}:w=2:h=12:color=white:t=fill`).join();

/** Noise in a sector of 192 × 144 pixels that narrows upwards, a name beside it, and 1 kHz of sound. */
export async function makeScan(path: string, seed: number, { inside = false } = {}): Promise<void> {
  const sector = "gt(Y,24)*lt(Y,134)*lt(abs(X-96),30+Y/3)";
  const noise = `geq=lum='if(${sector},40+150*random(${seed}),8)':cb=128:cr=128`;
  const marks = [letters(4, 4), ...(inside ? [letters(80, 70)] : [])].join();
  await ffmpeg(
    ...["-f", "lavfi", "-i", `color=c=black:s=192x144:r=10:d=3,${noise},format=gray,${marks}`],
    ...["-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=24000:duration=3"],
    ...["-metadata", "title=Mary Smith", "-c:v", "ffv1", "-c:a", "pcm_s16le", `file:${path}`],
  );
}

/** Settings of whole pictures and windows of a second. */
export const settings = (...set: string[]) =>
  resolvePrepareConfig({ set: ["windowSeconds=1", "framesPerWindow=4", "frameSize=[144,192]", ...set] });

/** Prepares, and gives what came of it and what was told. */
export async function prepare(
  inputs: string[],
  out: string,
  set: string[] = [],
  options: PrepareOptions = {},
) {
  const events: PrepareEvent[] = [];
  for await (const event of prepareDataset(inputs, out, settings(...set), options)) events.push(event);
  const records = events.flatMap((event) => event.kind === "quarantined" ? [event.record] : []);
  return {
    dataset: DatasetReader.open(out),
    aside: Object.fromEntries(records.map(({ sourceName, reason }) => [sourceName, reason])),
    warnings: events.flatMap((event) => event.kind === "warning" ? [event.message] : []),
    told: events.flatMap((event) => event.kind === "warning" && event.scan ? [event] : []),
  };
}

/** The one mask that is found in a folder. */
export async function maskOf(folder: string): Promise<MaskTemplate> {
  const { masks, failures } = await findMasks((await listScans([folder])).items, { scanner: "A scanner" });
  assert.deepEqual([masks.length, failures], [1, []]);
  return masks[0].template;
}

/** Every byte of a folder's files, as Latin letters. */
export async function bytesOf(folder: string): Promise<string> {
  let text = "";
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    text += isDirectory ? await bytesOf(path) : new TextDecoder("latin1").decode(await Deno.readFile(path));
  }
  return text;
}
