/** Labels and gaze on their way from a manifest into a dataset. @module */

import assert from "node:assert/strict";
import { resolvePrepareConfig } from "../../../lib/config.ts";
import { datasetPaths } from "../../../lib/data/dataset_schema.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { prepareDataset, type PrepareEvent } from "../../../lib/data/prepare.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { generatePhantom } from "../../../lib/phantom/phantom.ts";
import { type ScanTruth, windowTruth } from "../../../lib/phantom/truth.ts";
import { countingPictures, ffmpeg, ticks, withFolder } from "../media/make_media.ts";

const config = resolvePrepareConfig({
  file: {
    windowSeconds: 1,
    framesPerWindow: 4,
    frameSize: [12, 16],
    crop: { x: 16, y: 12, width: 32, height: 24 },
  },
});

async function prepare(inputs: string[], out: string, settings = config): Promise<PrepareEvent[]> {
  const events: PrepareEvent[] = [];
  for await (const event of prepareDataset(inputs, out, settings)) events.push(event);
  return events;
}

/** A scan of 10 frames a second whose sound begins at 0.5 s, with a manifest of these files. */
async function makeScan(folder: string, files: Record<string, string>): Promise<void> {
  const inputs = [...countingPictures(4), "-itsoffset", "0.5", ...ticks(4)];
  await ffmpeg(...inputs, "-c:v", "ffv1", "-c:a", "pcm_s16le", `file:${folder}/v.mkv`);
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
}

const writeManifest = (folder: string, columns: string, row: string) =>
  Deno.writeTextFile(`${folder}/list.csv`, `video,subject,${columns}\nv.mkv,p,${row}\n`);

Deno.test("prepareDataset() puts labels and gaze on the scan's axis and in its frames", async () => {
  await withFolder(async (folder) => {
    await makeScan(folder, {
      "planes, 1.csv": "start_seconds,end_seconds,label\n0,1.6,femur\n1.6,3.2,head\n",
      "gaze.csv": "seconds,duration_seconds,x,y\n9,0.2,32,24\n10,0.3,20,15\n10.8,0.2,40,60\n20,1,3,3\n",
    });
    await writeManifest(folder, "labels,gaze,gaze_offset_seconds", '"planes, 1.csv",gaze.csv,-9');
    const events = await prepare([`${folder}/list.csv`], `${folder}/out`);
    const dataset = DatasetReader.open(`${folder}/out`);
    const [scan] = dataset.scans();
    assert.deepEqual([scan.axisStartSeconds, scan.durationSeconds, scan.hasGaze], [0.5, 3.5, true]);
    assert.deepEqual(scan.picture, { width: 64, height: 48 });
    const near = (values: number[]) => values.map((value) => Math.round(value * 1e6) / 1e6);
    assert.deepEqual(
      dataset.labelStretches("s0001").map((one) => [...near([one.startSeconds, one.endSeconds]), one.label]),
      [[0, 1.1, "femur"], [1.1, 2.7, "head"]],
    );
    // The windows are at 0, 1 and 2 s of the axis.
    assert.deepEqual([...dataset.labels()], [[100000, "femur"], [100001, "head"], [100002, "head"]]);
    assert.deepEqual(
      dataset.windows().map((window) =>
        dataset.fixations(window).map((
          { startSeconds, x, y, isInside },
        ) => [...near([startSeconds, x, y]), isInside])
      ),
      [[[0.5, 0.125, 0.125, true]], [[1.3, 0.75, 2, false]], []],
    );
    assert.deepEqual(dataset.gaze("s0001")!.samples, []);
    const { labelledScans, gazeScans } = dataset.summary();
    assert.deepEqual([labelledScans, gazeScans], [1, 1]);
    const told = events.find((event) => event.kind === "scan")!;
    assert.deepEqual(told.notes, [
      "2 of 4 rows of gaze lie before or after the scan",
      "1 of 2 fixations lie outside what was kept of the picture",
    ]);
    assert.deepEqual(scan.notes, told.notes);
    dataset.close();
    await Deno.remove(datasetPaths.gaze(`${folder}/out`, "s0001"));
    const without = DatasetReader.open(`${folder}/out`);
    assert.throws(() => without.gaze("s0001"), /Cannot read the gaze of scan s0001: .*no such file/);
    without.close();
  });
});

Deno.test("prepareDataset() takes labels of frames at the times that the video gives them", async () => {
  await withFolder(async (folder) => {
    await makeScan(folder, { "l.csv": "frame,label\n0,a\n10,b\n18,\n30,c\n32,\n40,d\n" });
    // From frame 20 on pictures are shown half as fast.
    const stretch = "setpts='if(lt(N,20),N*0.1,2+(N-20)*0.2)/TB'";
    const coding = ["-vf", stretch, "-fps_mode", "vfr", "-c:v", "ffv1", "-c:a", "copy"];
    await ffmpeg("-i", `file:${folder}/v.mkv`, ...coding, `file:${folder}/w.mkv`);
    await Deno.rename(`${folder}/w.mkv`, `${folder}/v.mkv`);
    await writeManifest(folder, "labels", "l.csv");
    await prepare([`${folder}/list.csv`], `${folder}/out`);
    const dataset = DatasetReader.open(`${folder}/out`);
    const { axisStartSeconds, notes } = dataset.scans()[0];
    const found = dataset.labelStretches("s0001").map(({ startSeconds, endSeconds, label }) => [
      ...[startSeconds, endSeconds].map((seconds) => Math.round(100 * (seconds + axisStartSeconds))),
      label,
    ]);
    assert.deepEqual(found, [[50, 100, "a"], [100, 180, "b"], [400, 440, "c"]]);
    assert.deepEqual(notes, ["1 labels are of frames after the last, 39"]);
  });
});

Deno.test("prepareDataset() reads changed labels and gaze again without decoding", async () => {
  await withFolder(async (folder) => {
    await makeScan(folder, { "l.csv": "seconds,label\n1.5,femur\n" });
    await writeManifest(folder, "labels,gaze", "l.csv,");
    const again = async () => {
      const events = await prepare([`${folder}/list.csv`], `${folder}/out`);
      const [scan] = events.filter((event) => event.kind === "scan");
      const dataset = DatasetReader.open(`${folder}/out`);
      const { labels, gaze } = { labels: [...dataset.labels().values()], gaze: dataset.gaze("s0001") };
      return { reused: scan.reused, labels, gaze: gaze && gaze.samples.length, id: dataset.id };
    };
    const first = await again();
    const { id } = first;
    assert.deepEqual(first, { reused: false, labels: ["femur"], gaze: undefined, id });
    await Deno.writeTextFile(`${folder}/l.csv`, "seconds,label\n1.5,head\n2.5,head\n");
    // The file of frames stays as it is: to write it would be to decode.
    const frames = `${folder}/out/scans/s0001/frames.safetensors`;
    const { mtime } = await Deno.stat(frames);
    assert.deepEqual(await again(), { reused: true, labels: ["head", "head"], gaze: undefined, id });
    await Deno.writeTextFile(`${folder}/g.csv`, "seconds,x,y\n1,20,20\n");
    await writeManifest(folder, "labels,gaze", ",g.csv");
    assert.deepEqual(await again(), { reused: true, labels: [], gaze: 1, id });
    await writeManifest(folder, "labels,gaze", ",");
    assert.deepEqual(await again(), { reused: true, labels: [], gaze: undefined, id });
    assert.deepEqual((await Deno.stat(frames)).mtime, mtime);
    // A scan that is decoded anew has its labels again.
    await writeManifest(folder, "labels,gaze", "l.csv,g.csv");
    await again();
    await ffmpeg(...countingPictures(2), ...ticks(2), "-c:v", "ffv1", `file:${folder}/v.mkv`);
    const { reused, labels, gaze } = await again();
    assert.deepEqual({ reused, labels, gaze }, { reused: false, labels: ["head"], gaze: 1 });
  });
});

Deno.test("prepareDataset() warns when labels or gaze lie outside the scan altogether", async () => {
  await withFolder(async (folder) => {
    await makeScan(folder, {
      "l.csv": "seconds,label\n100,femur\n",
      "g.csv": "seconds,x,y\n1700000000,5,5\n",
    });
    await writeManifest(folder, "labels,gaze", "l.csv,g.csv");
    const events = await prepare([`${folder}/list.csv`], `${folder}/out`);
    const warnings = events.flatMap((event) => event.kind === "warning" ? [event] : []);
    assert.deepEqual(warnings.map(({ message }) => message), [
      "none of the labels lies within the scan",
      "none of the gaze lies within the scan: look at gaze_offset_seconds",
    ]);
    assert.ok(warnings.every(({ scan }) => scan?.scanId === "s0001"));
    assert.equal(DatasetReader.open(`${folder}/out`).scans()[0].notes.length, 2);
  });
});

Deno.test("prepareDataset() reads gaze in UTF-16, as some trackers write it", async () => {
  await withFolder(async (folder) => {
    await makeScan(folder, {});
    const text =
      "\ufeffRecording timestamp [μs]\tGaze point X [MCS px]\tGaze point Y [MCS px]\r\n1000000\t20\t15\r\n";
    const units = Uint16Array.from(text, (letter) => letter.charCodeAt(0));
    await Deno.writeFile(`${folder}/g.tsv`, new Uint8Array(units.buffer));
    await writeManifest(folder, "gaze", "g.tsv");
    await prepare([`${folder}/list.csv`], `${folder}/out`);
    const dataset = DatasetReader.open(`${folder}/out`);
    assert.deepEqual(dataset.gaze("s0001")!.samples.map(({ x, y }) => [x, y]), [[0.125, 0.125]]);
    dataset.close();
  });
});

Deno.test("prepareDataset() refuses labels and gaze that are not valid before it decodes", async () => {
  await withFolder(async (folder) => {
    await makeScan(folder, { "l.csv": "seconds,label\n1,a\nx,b\n", "g.csv": "seconds,x,y\n2,1,1\n1,1,1\n" });
    const refused = async (row: string, message: RegExp) => {
      await writeManifest(folder, "labels,gaze", row);
      await assert.rejects(prepare([`${folder}/list.csv`], `${folder}/out`), (error) => {
        assert.ok(error instanceof SonospeechError && error.code === "input");
        assert.match(error.message, message);
        assert.ok(!/[lg]\.csv/.test(error.publicMessage) && !error.message.includes(folder));
        return true;
      });
    };
    await refused("l.csv,", /read the labels in l\.csv: line 3: seconds must be a number/);
    await refused(",g.csv", /read the gaze in g\.csv: line 3: times must not go back/);
    await refused("absent.csv,", /read the labels in absent\.csv: the file must be there/);
    assert.deepEqual([...Deno.readDirSync(`${folder}/out/scans`)], []);
  });
});

Deno.test("generatePhantom()'s labels and gaze come through prepareDataset() as the truth has them", async () => {
  await withFolder(async (folder) => {
    const options = {
      subjects: 1,
      secondsPerScan: 24,
      frameRate: 5,
      frameSize: [96, 128],
      voices: ["kal"],
    } as const;
    for await (const { unit } of generatePhantom(`${folder}/scans`, options)) assert.equal(unit, "frames");
    await prepare([`${folder}/scans`], `${folder}/out`, resolvePrepareConfig());
    const truth: ScanTruth = JSON.parse(await Deno.readTextFile(`${folder}/scans/truth.jsonl`));
    const dataset = DatasetReader.open(`${folder}/out`);
    const [{ axisStartSeconds, crop, picture }] = dataset.scans();
    assert.ok(Math.abs(axisStartSeconds) < 0.05);
    const truths = windowTruth(truth, { windowSeconds: dataset.config.windowSeconds });
    const windows = dataset.windows();
    assert.ok(windows.length >= 11);
    assert.ok(new Set(dataset.labels().values()).size >= 2);
    for (const window of windows) {
      assert.equal(dataset.labels().get(window.id), truths[window.index].plane);
      const found = dataset.fixations(window);
      assert.equal(found.length, truths[window.index].fixations.length);
      found.forEach(({ x, y, isInside }, i) => {
        const { x: trueX, y: trueY } = truths[window.index].fixations[i];
        assert.ok(Math.abs(crop.x + x * crop.width - trueX * picture.width) < 1e-6);
        assert.ok(Math.abs(crop.y + y * crop.height - trueY * picture.height) < 1e-6);
        assert.equal(isInside, x >= 0 && x <= 1 && y >= 0 && y <= 1);
      });
    }
    const all = dataset.gaze("s0001")!.fixations;
    assert.ok(all.some(({ isInside }) => isInside) && crop.width < picture.width);
    dataset.close();
  });
});
