/**
 * Masks in doubt, and further videos, which get the masks of the dataset that they are to be like.
 *
 * @module
 */

import assert from "node:assert/strict";
import { findMasks } from "../../../lib/data/find_masks.ts";
import { maskSheet } from "../../../lib/data/mask_sheet.ts";
import { masksLike } from "../../../lib/data/known_masks.ts";
import { readLooseVideo } from "../../../lib/data/loose_video.ts";
import { confirmMask, readMaskTemplate, writeMaskTemplate } from "../../../lib/data/mask_template.ts";
import { listScans } from "../../../lib/data/prepare_inputs.ts";
import { keptPixels } from "../../../lib/media/sector_outline.ts";
import { ffmpeg, withFolder } from "../media/make_media.ts";
import { makeScan, maskOf, prepare, settings } from "../../helpers/gate_bench.ts";

/** Noise in two boxes beside each other: a sector and a camera. */
async function makeScanWithCamera(path: string): Promise<void> {
  const boxes = "gt(Y,20)*lt(Y,120)*(gt(X,10)*lt(X,90)+gt(X,110)*lt(X,180)*gt(Y,40))";
  const noise = `geq=lum='if(${boxes},40+150*random(0),8)':cb=128:cr=128`;
  await ffmpeg(
    ...["-f", "lavfi", "-i", `color=c=black:s=192x144:r=10:d=3,${noise},format=gray`],
    ...["-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=24000:duration=3"],
    ...["-c:v", "ffv1", "-c:a", "pcm_s16le", `file:${path}`],
  );
}

Deno.test("a mask that is found where more than a sector moves is doubtful until somebody settles it", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/in/room 3`, { recursive: true });
    await makeScanWithCamera(`${folder}/in/room 3/a.mkv`);
    const { masks } = await findMasks((await listScans([`${folder}/in`])).items, { scanner: "" });
    const [{ template }] = masks;
    assert.equal(template.doubts.length, 1);
    assert.match(template.doubts[0], /^2 parts of the picture move/);
    assert.match(
      maskSheet(masks, [], () => "m.json"),
      /class="warning">Doubtful: 2 parts of the picture move/,
    );
    const path = `${folder}/m.json`;
    await writeMaskTemplate(path, template);
    assert.deepEqual(await readMaskTemplate(path), template);

    // Found scan by scan or given: it is said of each, on the terminal with its file, and on the page.
    for (const [out, masks] of [["found", []], ["given", [path]]] as const) {
      const { dataset, told, aside } = await prepare([`${folder}/in`], `${folder}/${out}`, [], { masks });
      assert.deepEqual(aside, {});
      const [{ message, scan }] = told;
      assert.match(message, /^its mask is doubtful: 2 parts of the picture move/);
      assert.deepEqual(scan, { scanId: "s0001", file: "room 3/a.mkv" });
      const [{ mask, notes }] = dataset.scans();
      assert.deepEqual([mask!.doubts, notes[0]], [template.doubts, message]);
      assert.deepEqual([dataset.summary().masks.doubtful, dataset.summary().masks.found], [1, 0]);
      const page = await Deno.readTextFile(`${folder}/${out}/qc.html`);
      assert.match(page, /doubtful mask/);
      assert.match(page, /<li class="warning">its mask is doubtful/);
      assert.match(page, /What was kept of 1 of them may not be the sector/);
      assert.ok(!page.includes("room 3"));
      dataset.close();
    }

    // No confirmation while it is in doubt, nor one that was written into the file.
    assert.throws(
      () => confirmMask(template, new Date(0)),
      /its doubts must be settled before it is confirmed/,
    );
    const settled = confirmMask({ ...template, doubts: [] }, new Date(0));
    await writeMaskTemplate(path, { ...settled, doubts: template.doubts });
    await assert.rejects(readMaskTemplate(path), /its doubts must be settled/);
    const strict = ["deidentification.requireConfirmedMask=true"];
    await writeMaskTemplate(path, template);
    const refused = await prepare([`${folder}/in`], `${folder}/strict`, strict, { masks: [path] });
    assert.deepEqual(refused.aside, { "a.mkv": "no confirmed mask" });
    assert.match(
      refused.dataset.quarantine()[0].detail,
      /not confirmed and is doubtful \(2 parts of the picture/,
    );
    refused.dataset.close();
    await writeMaskTemplate(path, settled);
    const taken = await prepare([`${folder}/in`], `${folder}/strict`, strict, { masks: [path] });
    assert.deepEqual([taken.aside, taken.told], [{}, []]);
    assert.equal(taken.dataset.summary().masks.confirmed, 1);
    taken.dataset.close();
  });
});

Deno.test("further videos pass the gate of the dataset that they are to be like, with its masks", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/in`);
    await makeScan(`${folder}/in/a.mkv`, 0);
    const template = confirmMask(await maskOf(`${folder}/in`), new Date(0));
    // Another outline than would be found.
    const small = confirmMask(
      { ...template, sector: { kind: "polygon", points: [[70, 30], [120, 30], [120, 80], [70, 80]] } },
      new Date(0),
    );
    await writeMaskTemplate(`${folder}/small.json`, small);
    const strict = ["crop=none", "deidentification.requireConfirmedMask=true"];
    const { dataset } = await prepare([`${folder}/in`], `${folder}/out`, strict, {
      masks: [`${folder}/small.json`],
    });
    await makeScan(`${folder}/b.mkv`, 1);
    const like = dataset.scans();
    const { dataset: aside } = await prepare([`${folder}/b.mkv`], `${folder}/aside`, strict, { like });
    assert.deepEqual(aside.scans()[0].mask, dataset.scans()[0].mask);
    const reading = { config: dataset.config, masks: masksLike(dataset.scans()) };
    const frames = await readLooseVideo(`${folder}/b.mkv`, reading);
    assert.equal(frames.length, 4 * 144 * 192);
    const kept = keptPixels(small.sector.points, { x: 0, y: 0, width: 192, height: 144 }, [144, 192]);
    let bright = 0;
    frames.forEach((level, i) => {
      if (!kept[i % kept.length]) assert.equal(level, 0, `frame ${Math.floor(i / kept.length)}`);
      else bright = Math.max(bright, level);
    });
    assert.ok(bright > 150);
    aside.close();

    // Of another size, without a mask: refused, though the settings would let it be found.
    const open = settings("crop=none");
    await ffmpeg("-i", `file:${folder}/b.mkv`, "-vf", "scale=96:72", "-c:v", "ffv1", `file:${folder}/c.mkv`);
    const lax = { ...reading, config: open };
    await assert.rejects(
      readLooseVideo(`${folder}/c.mkv`, lax),
      /no mask: .* not one of them is for 96 × 72/,
    );
    const refused = await prepare([`${folder}/c.mkv`], `${folder}/c`, ["crop=none"], { like });
    assert.deepEqual(refused.aside, { "c.mkv": "no mask" });
    refused.dataset.close();
    // Text in the sector is refused as preparing refuses it.
    await makeScan(`${folder}/d.mkv`, 2, { inside: true });
    const whole = masksLike([], [template]);
    const refusing = settings("crop=none", "deidentification.burntIn=refuse");
    await assert.rejects(
      readLooseVideo(`${folder}/d.mkv`, { config: refusing, masks: whole }),
      /burnt-in text/,
    );
    await readLooseVideo(`${folder}/b.mkv`, { config: refusing, masks: whole });
    dataset.close();
  });
});
