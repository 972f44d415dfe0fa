/**
 * The gate as a whole: videos with a name written beside and into the sector, and with one spoken.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { DatasetWriter } from "../../../lib/data/dataset_writer.ts";
import { findMasks } from "../../../lib/data/find_masks.ts";
import { maskSheet } from "../../../lib/data/mask_sheet.ts";
import { confirmMask, type MaskTemplate, writeMaskTemplate } from "../../../lib/data/mask_template.ts";
import { listScans } from "../../../lib/data/prepare_inputs.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { boxWithin, keptPixels } from "../../../lib/media/sector_outline.ts";
import { withFolder } from "../media/make_media.ts";
import { bytesOf, makeScan, maskOf, prepare, settings } from "../../helpers/gate_bench.ts";

Deno.test("findMasks() finds the sector in scans of one layout, without what is written beside it", async () => {
  await withFolder(async (folder) => {
    await makeScan(`${folder}/a.mkv`, 0);
    await makeScan(`${folder}/b.mkv`, 1, { inside: true });
    const { masks, failures } = await findMasks((await listScans([folder])).items, { scanner: "A scanner" });
    assert.deepEqual([masks.length, failures], [1, []]);
    const [{ template, stillLines, scans }] = masks;
    assert.deepEqual(template.frameSize, { width: 192, height: 144 });
    assert.equal(template.confirmed, null);
    assert.match(template.madeFrom!, /^[0-9a-f]{64}$/);
    assert.deepEqual(stillLines, { outside: 2, inside: 1 });
    const kept = keptPixels(template.sector.points, { x: 0, y: 0, width: 192, height: 144 }, [144, 192]);
    kept.forEach((value, pixel) => {
      const [x, y] = [pixel % 192, Math.floor(pixel / 192)];
      const room = 30 + y / 3 - Math.abs(x - 96);
      if (y > 28 && y < 131 && room > 5) assert.equal(value, 1, `${x} ${y} is inside`);
      if (y < 20 || y > 138 || room < -5) assert.equal(value, 0, `${x} ${y} is outside`);
    });
    const page = maskSheet(masks, ["scan 3: <no> video"], () => "mask-192x144.json");
    assert.match(page, /beside the sector in 2 of 2 scans \(they go\), inside in 1 \(they stay\)/);
    assert.match(page, /scan 3: &lt;no> video/);
    assert.equal(page.match(/<img/g)!.length, 2 * scans.length + 1);
    assert.ok(!/a\.mkv|b\.mkv|<script|src="(?!data:)/.test(page));
  });
});

Deno.test("prepareDataset() keeps nothing of what is written beside a mask, whatever the crop", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/in`);
    await makeScan(`${folder}/in/a.mkv`, 0);
    const template = confirmMask(await maskOf(`${folder}/in`), new Date(0));
    await writeMaskTemplate(`${folder}/m.json`, template);
    const options = { masks: [`${folder}/m.json`] };
    const { dataset } = await prepare([`${folder}/in`], `${folder}/whole`, ["crop=none"], options);
    const [scan] = dataset.scans();
    const { outline, origin, isConfirmed } = scan.mask!;
    assert.deepEqual([outline, origin, isConfirmed], [template.sector.points, "template", true]);
    assert.deepEqual(scan.notes, []);
    const frames = dataset.readFrames("s0001", 0, scan.frameCount);
    let [black, bright] = [0, 0];
    frames.forEach((level, i) => {
      const [x, y] = [i % 192, Math.floor(i / 192) % 144];
      if (x < 30 && y < 20) black = Math.max(black, level);
      if (Math.abs(x - 96) < 20 && y > 60 && y < 90) bright = Math.max(bright, level);
    });
    assert.ok(black === 0 && bright > 150, `${black} ${bright}`);
    assert.match(await Deno.readTextFile(`${folder}/whole/qc.html`), /confirmed mask/);
    dataset.close();
    const { dataset: cropped } = await prepare([`${folder}/in`], `${folder}/box`, [], options);
    const aspect = 192 / 144;
    assert.deepEqual(cropped.scans()[0].crop, boxWithin(template.sector.points, template.frameSize, aspect));
    // The mask is a pixel wider than the sector on each side, where it is dark.
    const levels = cropped.readFrames("s0001", 0, 1);
    assert.ok(
      levels.filter((level) => level < 20).length < 0.02 * levels.length,
      "the box lies in the sector",
    );
    cropped.close();
  });
});

Deno.test("prepareDataset() puts aside what no confirmed mask fits, and what has text in the sector", async () => {
  await withFolder(async (folder) => {
    const strict = ["deidentification.requireConfirmedMask=true", "deidentification.burntIn=refuse"];
    await Deno.mkdir(`${folder}/in`);
    await makeScan(`${folder}/in/a.mkv`, 0);
    await makeScan(`${folder}/in/b.mkv`, 1, { inside: true });
    const template = await maskOf(`${folder}/in`);
    const save = (name: string, mask: MaskTemplate) => writeMaskTemplate(`${folder}/${name}.json`, mask);
    await save("open", template);
    await save("good", confirmMask(template, new Date(0)));
    await save("large", { ...template, frameSize: { width: 200, height: 144 } });
    const rows = ["a,open", "b,good", "a,large"].map((row, i) =>
      row.replace(/(.),(.*)/, `in/$1.mkv,$1${i},$2.json`)
    );
    const list = ["video,subject,mask", ...rows.slice(0, 2), ""].join("\n");
    await Deno.writeTextFile(`${folder}/list.csv`, list);
    const first = await prepare([`${folder}/list.csv`], `${folder}/out`, strict);
    assert.deepEqual(first.aside, { a: "no confirmed mask", b: "burnt-in text" });
    first.dataset.close();
    // Confirmed by now: taken.
    await save("open", confirmMask(template, new Date(0)));
    const second = await prepare([`${folder}/list.csv`], `${folder}/out`, strict);
    assert.deepEqual([second.aside, second.dataset.summary().masks.confirmed], [{ b: "burnt-in text" }, 1]);
    second.dataset.close();
    await Deno.writeTextFile(`${folder}/list.csv`, ["video,subject,mask", rows[2], ""].join("\n"));
    assert.deepEqual((await prepare([`${folder}/list.csv`], `${folder}/third`)).aside, {
      a: "mask does not fit",
    });
    const none = await prepare([`${folder}/in/a.mkv`], `${folder}/fourth`, strict);
    assert.deepEqual(none.aside, { "a.mkv": "no confirmed mask" });
  });
});

Deno.test("prepareDataset() says when a mask is of another layout than the scan", async () => {
  await withFolder(async (folder) => {
    await makeScan(`${folder}/a.mkv`, 0);
    const mask: MaskTemplate = {
      ...{
        formatVersion: 1,
        scanner: "",
        frameSize: { width: 192, height: 144 },
        madeFrom: null,
        doubts: [],
        confirmed: null,
      },
      sector: { kind: "polygon", points: [[2, 2], [60, 2], [60, 60], [2, 60]] },
    };
    await writeMaskTemplate(`${folder}/m.json`, mask);
    const { dataset } = await prepare([`${folder}/a.mkv`], `${folder}/out`, [], {
      masks: [`${folder}/m.json`],
    });
    const notes = dataset.scans()[0].notes.join("\n");
    assert.match(notes, /only \d+ % of what changes lies inside the mask: is it this scanner's\?/);
    assert.match(notes, /only \d+ % of what the mask keeps ever changes/);
    dataset.close();
  });
});

Deno.test("DatasetWriter refuses frames with anything beside their mask, and takes none of the scan", async () => {
  await withFolder(async (folder) => {
    const config = settings("frameSize=[6,8]");
    const crop = { x: 0, y: 0, width: 80, height: 60 };
    const outline = [[20, 10], [60, 10], [60, 50], [20, 50]] as const;
    const kept = keptPixels(outline, crop, [6, 8]);
    const writer = await DatasetWriter.open(folder, config);
    const commit = async (frames: Uint8Array) => {
      const { id } = writer.register({ source: "s", sourceName: "s", subject: "s" });
      const files = await writer.beginScan(id);
      files.frames.append(frames);
      await writer.commitScan(id, files, {
        ...{
          contentHash: "h",
          durationSeconds: 1,
          axisStartSeconds: 0,
          picture: { width: 80, height: 60 },
          crop,
        },
        ...{ mask: { outline, origin: "found", isConfirmed: false }, notes: [], windows: [] },
      });
    };
    const black = Uint8Array.from({ length: 4 * 48 }, (_, i) => kept[i % 48] ? 200 : 0);
    const text = black.slice();
    const corner = 3 * 48 + kept.indexOf(0);
    text[corner] = 1;
    await assert.rejects(
      commit(text),
      (error) => error instanceof SonospeechError && /frame 3/.test(error.message),
    );
    assert.equal(writer.findDone("h"), undefined);
    await commit(black);
    assert.ok(writer.findDone("h"));
    writer.close();
  });
});

Deno.test("prepareDataset() with a key keeps no name of a subject, a file or a folder anywhere", async () => {
  await withFolder(async (folder) => {
    const home = `${folder}/Smith family`;
    await Deno.mkdir(`${home}/Mary Smith`, { recursive: true });
    await makeScan(`${home}/Mary Smith/Mary Smith first.mkv`, 0);
    await makeScan(`${home}/Mary Smith/Mary Smith second.mkv`, 1);
    await Deno.writeTextFile(`${home}/Mary Smith/Mary Smith broken.mkv`, "no video of Mary Smith");
    const pseudonymKey = `${folder}/key`;
    const { dataset, aside, warnings } = await prepare([home], `${folder}/out`, [], { pseudonymKey });
    assert.ok(warnings.some((text) => text.includes("keep it apart from the dataset")));
    // The terminal says which file it was, the dataset does not.
    assert.deepEqual(aside, { "Mary Smith broken.mkv": "not a media file" });
    assert.match(dataset.quarantine()[0].sourceName, /^f-[0-9a-f]{20}$/);
    const subjects = new Set(dataset.scans().map(({ subject }) => subject));
    assert.match([...subjects].join(), /^p-[0-9a-f]{20}$/);
    dataset.close();
    const bytes = await bytesOf(`${folder}/out`);
    assert.ok(bytes.includes([...subjects][0]), "the index is read");
    for (const name of ["Mary", "Smith", "family", "first.mkv", "broken.mkv"]) {
      // Pictures on the page are base64, which has all short words.
      assert.ok(!bytes.replaceAll(/base64,[^"]+/g, "").includes(name), `${name} is in the dataset`);
    }
    // The same key, another dataset: the same pseudonym.
    const other = await prepare([home], `${folder}/other`, ["seed=2"], { pseudonymKey });
    assert.deepEqual(new Set(other.dataset.scans().map(({ subject }) => subject)), subjects);
    other.dataset.close();
    for (const key of [undefined, `${folder}/another key`]) {
      const again = prepare([home], `${folder}/out`, [], { pseudonymKey: key });
      await assert.rejects(again, /subjects must keep their pseudonyms/);
    }
    await assert.rejects(
      prepare([home], `${folder}/x`, [], { pseudonymKey: `${folder}/x/key` }),
      /must not lie in the dataset's folder/,
    );
  });
});

Deno.test("prepareDataset() takes stretches of speech out of all that it stores", async () => {
  await withFolder(async (folder) => {
    await makeScan(`${folder}/a.mkv`, 0);
    await Deno.writeTextFile(`${folder}/out.csv`, "start_seconds,end_seconds\n1,1.5\n");
    const list = "video,subject,bleep\na.mkv,a,out.csv\n";
    await Deno.writeTextFile(`${folder}/list.csv`, list);
    const { dataset } = await prepare([`${folder}/list.csv`], `${folder}/out`);
    const [scan] = dataset.scans();
    assert.ok(Math.abs(scan.bleepedSeconds! - 0.51) < 1e-3, `${scan.bleepedSeconds}`);
    assert.deepEqual(scan.notes, ["0.51 s of speech taken out"]);
    const pcm = dataset.readPcm("s0001", 0, 72000);
    const peak = (start: number, end: number) =>
      pcm.subarray(24000 * start, 24000 * end).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.deepEqual([peak(0.995, 1.505), peak(0, 0.99) > 1000, peak(1.51, 3) > 1000], [0, true, true]);
    const loudest = (column: number) => Math.max(...dataset.readLogSpectrogram("s0001", column, 1));
    assert.ok(loudest(125) < loudest(80) - 10 && loudest(170) > loudest(125) + 10);
    // A tone is voice to the energy detector: less of it where half of the window is taken out.
    const [before, within] = dataset.windows().map(({ voicedFractionEnergy }) => voicedFractionEnergy);
    assert.ok(within <= 0.5, `${before} ${within}`);
    assert.deepEqual(dataset.summary().bleeped, { scans: 1, seconds: scan.bleepedSeconds });
    dataset.close();
    const rows = new DatabaseSync(`${folder}/out/index.sqlite`, { readOnly: true });
    assert.equal(rows.prepare("SELECT count(*) AS n FROM scans WHERE bleeped_seconds > 0").get()!.n, 1);
    rows.close();
    await Deno.writeTextFile(`${folder}/out.csv`, "start_seconds,end_seconds\n1,1.5\n2,1\n");
    await assert.rejects(
      prepare([`${folder}/list.csv`], `${folder}/out`),
      /out\.csv: line 3: start must come/,
    );
    // Another list is other data.
    await Deno.writeTextFile(`${folder}/out.csv`, "start_seconds,end_seconds\n2,3\n");
    const again = await prepare([`${folder}/list.csv`], `${folder}/out`);
    assert.deepEqual(again.dataset.readPcm("s0001", 24000 * 2.5, 100), new Int16Array(100));
    again.dataset.close();
  });
});
