/** DICOM files on their way into a dataset. @module */

import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { prepareDataset, type PrepareEvent } from "../../../lib/data/prepare.ts";
import { type Elements, encodeRle, join, makeDicom, syntaxes } from "../media/make_dicom.ts";
import { ffmpeg, ticks, withFolder } from "../media/make_media.ts";

const config = resolvePrepareConfig({
  file: { windowSeconds: 1, framesPerWindow: 4, frameSize: [12, 16], crop: "none" },
});

/** 30 frames of 32 × 24 pixels, ten a second: a frame of one level with a still dark border, which counts upwards. */
const [width, height, count] = [32, 24, 30];
const isBorder = (pixel: number) => pixel % width < 8 || Math.floor(pixel / width) < 4;
const frames = Array.from(
  { length: count },
  (_, n) => Uint8Array.from({ length: width * height }, (_, pixel) => isBorder(pixel) ? 3 : 8 * n),
);
const geometry: Elements = {
  "0028,0008": ["IS", String(count)],
  "0028,0010": ["US", [height]],
  "0028,0011": ["US", [width]],
};

async function prepare(
  folder: string,
  set: string[] = [],
): Promise<{ events: PrepareEvent[]; dataset: DatasetReader }> {
  const events: PrepareEvent[] = [];
  const settings = resolvePrepareConfig({ file: config, set });
  for await (const event of prepareDataset([`${folder}/in`], `${folder}/out`, settings)) events.push(event);
  return { events, dataset: DatasetReader.open(`${folder}/out`) };
}

async function withFiles(
  files: Record<string, Uint8Array>,
  work: (folder: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/in`);
    for (const [name, bytes] of Object.entries(files)) await Deno.writeFile(`${folder}/in/${name}`, bytes);
    await work(folder);
  });
}

Deno.test("prepareDataset() takes a DICOM cine with the sound beside it, at the times it gives", async () => {
  const pixels = join(frames);
  await withFiles({ "IM_0001": makeDicom({ pixels, elements: geometry }) }, async (folder) => {
    await ffmpeg(...ticks(3), `file:${folder}/in/IM_0001.wav`);
    const { dataset } = await prepare(folder, ["crop=none"]);
    const [scan] = dataset.scans();
    assert.deepEqual([scan.windowCount, scan.durationSeconds, scan.axisStartSeconds, scan.notes], [
      3,
      3,
      0,
      [],
    ]);
    assert.deepEqual(scan.picture, { width, height });
    // The last pixel of a stored frame lies inside the border.
    const levels = Array.from({ length: 12 }, (_, n) => dataset.readFrames("s0001", n, 1)[12 * 16 - 1]);
    assert.deepEqual(levels, Array.from({ length: 12 }, (_, n) => 8 * Math.floor(n * 2.5)));
    dataset.close();
  });
});

Deno.test("prepareDataset() pairs a DICOM cine with speech and labels of frames by its manifest", async () => {
  const elements = {
    ...geometry,
    "0018,1065": ["DS", ["0", ...Array(count - 1).fill("120")].join("\\")],
  } as const;
  const bytes = makeDicom({
    syntax: syntaxes.rle,
    fragments: frames.map((frame) => encodeRle([frame])),
    elements,
  });
  await withFiles({ "cine": bytes }, async (folder) => {
    await ffmpeg(...ticks(4), `file:${folder}/in/s.flac`);
    await Deno.writeTextFile(`${folder}/in/l.csv`, "frame,label\n0,head\n5,femur\n10,\n");
    const csv = "video,subject,speech,speech_offset_seconds,labels\ncine,p,s.flac,0.36,l.csv\n";
    await Deno.writeTextFile(`${folder}/in/manifest.csv`, csv);
    const { dataset } = await prepare(folder, ["crop=none"]);
    const [scan] = dataset.scans();
    assert.deepEqual([scan.subject, scan.windowCount, Math.round(100 * scan.axisStartSeconds)], ["p", 3, 36]);
    assert.equal(dataset.readFrames("s0001", 0, 1)[12 * 16 - 1], 8 * 3);
    const near = (seconds: number) => Math.round(100 * (seconds + scan.axisStartSeconds));
    assert.deepEqual(
      dataset.labelStretches("s0001").map((one) => [near(one.startSeconds), near(one.endSeconds), one.label]),
      [[36, 60, "head"], [60, 120, "femur"]],
    );
    dataset.close();
  });
});

Deno.test("prepareDataset() looks for the fan inside the region that a DICOM file names", async () => {
  // Something moves outside of the region, and more of it than inside.
  const busy = frames.map((frame, n) => frame.map((level, pixel) => pixel % width < 12 ? 8 * n : level));
  const corners = { "6018": 14, "601A": 0, "601C": 31, "601E": 23 };
  const region: Elements = {
    "0018,6012": ["US", [1]],
    "0018,6014": ["US", [1]],
    ...Object.fromEntries(
      Object.entries(corners).map(([tag, value]) => [`0018,${tag}`, ["UL", [value]] as const]),
    ),
  };
  const elements = { ...geometry, "0018,6011": ["SQ", [region]] } as const;
  await withFiles({ "a.dcm": makeDicom({ pixels: join(busy), elements }) }, async (folder) => {
    await ffmpeg(...ticks(3), `file:${folder}/in/a.wav`);
    const { dataset } = await prepare(folder, ["crop=auto"]);
    const { crop } = dataset.scans()[0];
    assert.ok(
      crop.x >= 14 && crop.y >= 4 && crop.x + crop.width <= 32 && crop.y + crop.height <= 24,
      JSON.stringify(crop),
    );
    assert.ok(crop.width >= 14, JSON.stringify(crop));
    dataset.close();
  });
});

Deno.test("prepareDataset() keeps nothing of what a DICOM file says of its patient, taken or put aside", async () => {
  const files = {
    "a.dcm": makeDicom({ pixels: join(frames), elements: geometry }),
    "b.dcm": makeDicom({ pixels: join(frames), elements: { ...geometry, "0028,0004": ["CS", "SECRET"] } }),
    "c.dcm": makeDicom({ pixels: join(frames).slice(0, 99), elements: geometry }),
    "d.dcm": makeDicom({ elements: { ...geometry, "0028,0101": ["US", [12]] } }),
    "e.dcm": makeDicom({ pixels: join(frames), elements: geometry }).slice(128),
    "DICOMDIR": makeDicom({}),
  };
  await withFiles(files, async (folder) => {
    for (const name of ["a", "b", "c", "d", "e"]) await ffmpeg(...ticks(3), `file:${folder}/in/${name}.wav`);
    const { events, dataset } = await prepare(folder, ["crop=none"]);
    assert.deepEqual([dataset.scans().length, dataset.quarantine().length], [1, 4]);
    assert.ok(!/secret-|secret\^/i.test(JSON.stringify(events)));
    const reasons = dataset.quarantine().map(({ sourceName, reason }) => [sourceName, reason]);
    assert.deepEqual(reasons, [["b.dcm", "unsupported format"], ["c.dcm", "corrupt"], ["d.dcm", "corrupt"], [
      "e.dcm",
      "corrupt",
    ]]);
    dataset.close();
    const secret = new TextEncoder().encode("Secret^Name");
    const contains = (bytes: Uint8Array) => bytes.toHex().includes(secret.toHex());
    assert.ok(contains(await Deno.readFile(`${folder}/in/a.dcm`)));
    const walk = async (path: string): Promise<string[]> =>
      (await Promise.all(
        (await Array.fromAsync(Deno.readDir(path))).map(({ name, isDirectory }) =>
          isDirectory ? walk(`${path}/${name}`) : [`${path}/${name}`]
        ),
      )).flat();
    for (const file of await walk(`${folder}/out`)) assert.ok(!contains(await Deno.readFile(file)), file);
  });
});
