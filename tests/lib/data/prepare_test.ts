import assert from "node:assert/strict";
import { resolvePrepareConfig, resolveRunConfig, type RunConfig } from "../../../lib/config.ts";
import { BatchReader } from "../../../lib/data/batches.ts";
import { DatasetReader } from "../../../lib/data/dataset_store.ts";
import { fitRunConfig } from "../../../lib/data/fit_run_config.ts";
import { speechStart } from "../../../lib/data/pairs.ts";
import { prepareDataset, type PrepareEvent } from "../../../lib/data/prepare.ts";
import { SonospeechError } from "../../../lib/errors.ts";
import { countingPictures, ffmpeg, ticks, withFolder } from "../media/make_media.ts";

const config = resolvePrepareConfig({
  file: { windowSeconds: 1, framesPerWindow: 4, frameSize: [12, 16], crop: "none" },
});

async function prepare(inputs: string[], out: string, settings = config): Promise<PrepareEvent[]> {
  const events: PrepareEvent[] = [];
  for await (const event of prepareDataset(inputs, out, settings)) events.push(event);
  return events;
}

const kinds = (events: PrepareEvent[]) =>
  events.map((event) => event.kind).filter((kind) => kind !== "progress");

/** Each input that was put aside with its reason. */
function quarantined(events: PrepareEvent[]): Record<string, string> {
  const records = events.flatMap((event) => event.kind === "quarantined" ? [event.record] : []);
  return Object.fromEntries(records.map(({ sourceName, reason }) => [sourceName, reason]));
}

/** A scan of counting pictures with a tick each second; both streams begin and last as asked. */
async function makeScan(
  path: string,
  options: { pictures?: number; sound?: number; picturesStart?: number; coding?: string[] } = {},
): Promise<void> {
  const { pictures = 3, sound = 3, picturesStart = 0, coding = ["-c:v", "ffv1", "-c:a", "pcm_s16le"] } =
    options;
  const inputs = ["-itsoffset", String(picturesStart), ...countingPictures(pictures), ...ticks(sound)];
  await ffmpeg(...inputs, ...coding, `file:${path}`);
}

Deno.test("prepareDataset() puts pictures and sound on one time axis that begins when both exist", async () => {
  await withFolder(async (folder) => {
    await makeScan(`${folder}/-late,\n%d.mkv`, { picturesStart: 0.7 });
    const events = await prepare([`${folder}/-late,\n%d.mkv`], `${folder}/out`);
    assert.deepEqual(kinds(events), ["started", "scan", "summary"]);
    const dataset = DatasetReader.open(`${folder}/out`);
    const [scan] = dataset.scans();
    assert.deepEqual([scan.durationSeconds, scan.windowCount, scan.frameCount, scan.columnCount], [
      2.3,
      2,
      8,
      230,
    ]);
    const levels = Array.from({ length: 8 }, (_, n) => dataset.readFrames("s0001", n, 1)[0]);
    assert.deepEqual(levels, Array.from({ length: 8 }, (_, n) => 5 * Math.floor(n * 2.5)));
    // The tick of second 1 lies 0.3 s after the first picture.
    const pcm = dataset.readPcm("s0001", 0, 24000);
    assert.equal(pcm.indexOf(Math.max(...pcm)), 7200);
    const column = (c: number) => dataset.readLogSpectrogram("s0001", c, 1)[40];
    assert.ok(column(30) > column(25) + 5 && column(30) > column(35) + 5);
    assert.equal(Number(dataset.windows()[1].startSeconds), 1);
    dataset.close();
  });
});

Deno.test("prepareDataset() pairs a separate speech file at its offset", async () => {
  await withFolder(async (folder) => {
    await ffmpeg(...countingPictures(4), "-c:v", "ffv1", `file:${folder}/v.mkv`);
    await ffmpeg(...ticks(4, 22050), `file:${folder}/s, 1.flac`);
    const csv =
      'video,subject,speech,speech_offset_seconds\nv.mkv,p1,"s, 1.flac",1.25\nv.mkv,p1,"s, 1.flac",-0.5\n';
    await Deno.writeTextFile(`${folder}/list.csv`, csv);
    await prepare([`${folder}/list.csv`], `${folder}/out`);
    const dataset = DatasetReader.open(`${folder}/out`);
    const firstTickAndLevel = (id: string) => {
      const pcm = dataset.readPcm(id, 0, 23000);
      return [pcm.indexOf(Math.max(...pcm)), dataset.readFrames(id, 0, 1)[0]];
    };
    // The later speech begins at 1.25 s, with its first tick; the earlier one's second tick is heard at 0.5 s.
    assert.ok(firstTickAndLevel("s0001")[0] <= 1);
    assert.equal(firstTickAndLevel("s0001")[1], 60);
    assert.deepEqual(dataset.scans().map((scan) => scan.windowCount), [2, 3]);
    assert.ok(Math.abs(firstTickAndLevel("s0002")[0] - 12000) <= 1);
    assert.equal(firstTickAndLevel("s0002")[1], 0);
    dataset.close();
  });
});

Deno.test("prepareDataset() puts aside what it cannot use, with the reason, and goes on", async () => {
  await withFolder(async (folder) => {
    const inFolder = `${folder}/in`;
    await Deno.mkdir(inFolder);
    const file = (name: string) => `${inFolder}/${name}`;
    await makeScan(file("good.mkv"));
    await Deno.copyFile(file("good.mkv"), file("good again.mkv"));
    await makeScan(file("short.mkv"), { sound: 0.8 });
    await ffmpeg("-i", `file:${file("good.mkv")}`, "-an", "-c", "copy", `file:${file("mute.mkv")}`);
    const silence = ["-f", "lavfi", "-t", "3", "-i", "anullsrc"];
    await ffmpeg(
      ...countingPictures(3),
      ...silence,
      "-c:v",
      "mpeg4",
      "-c:a",
      "aac",
      `file:${file("silent.mp4")}`,
    );
    await makeScan(file("cut.mp4"), { coding: ["-c:v", "mpeg4", "-c:a", "aac", "-movflags", "+faststart"] });
    await Deno.truncate(file("cut.mp4"), Math.round((await Deno.stat(file("cut.mp4"))).size * 0.6));
    await makeScan(file("broken.avi"), { coding: ["-c:v", "mjpeg", "-c:a", "pcm_s16le"] });
    await damagePictures(file("broken.avi"));
    await Deno.writeTextFile(file("words.mp4"), "words\n".repeat(100));
    await ffmpeg("-i", `file:${file("good.mkv")}`, "-an", "-c", "copy", `file:${file("worded.mkv")}`);
    await Deno.writeTextFile(file("worded.wav"), "no sound\n".repeat(100));
    await ffmpeg(...ticks(3), `file:${file("alone.flac")}`);
    await Deno.writeTextFile(`${folder}/list.csv`, "video,subject\nabsent.mp4,p\nin,p\n");

    const events = await prepare([inFolder, `${folder}/list.csv`], `${folder}/out`);
    assert.deepEqual(quarantined(events), {
      "good.mkv": "duplicate",
      "short.mkv": "too short",
      "mute.mkv": "no audio",
      "silent.mp4": "digital silence",
      "cut.mp4": "truncated",
      "broken.avi": "corrupt",
      "words.mp4": "not a media file",
      "worded.mkv": "not a media file",
      "alone.flac": "no video",
      "absent": "not found",
      "in": "not found",
    });
    const warnings = events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
    assert.match(
      warnings.at(-1)!,
      /^1 of 12 is too short for windows of 1 s; --set windowSeconds=0.8 is the longest/,
    );
    const last = events.at(-1)!;
    assert.ok(last.kind === "summary");
    assert.deepEqual([last.summary.scans, last.summary.windows, last.summary.quarantined], [1, 3, 11]);
    assert.ok(JSON.stringify(DatasetReader.open(`${folder}/out`).quarantine()).includes(inFolder) === false);
  });
});

/** Overwrites every second picture of an AVI with zeros, as a failing disk might; ffmpeg still exits with 0. */
async function damagePictures(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  const view = new DataView(bytes.buffer);
  let pictures = 0;
  for (let i = 0; i + 10 < bytes.length; i++) {
    // A chunk of pictures is "00dc", its length and a JPEG, which begins with FF D8.
    if (view.getUint32(i) !== 0x30306463 || view.getUint16(i + 8) !== 0xffd8) continue;
    if (pictures++ % 2 === 1) bytes.fill(0, i + 8, i + 8 + view.getUint32(i + 4, true));
  }
  assert.equal(pictures, 30);
  await Deno.writeFile(path, bytes);
}

Deno.test("prepareDataset() goes on after a stop, skips what is done and follows changes", async () => {
  await withFolder(async (folder) => {
    const inputs = ["a", "b", "c"].map((name) => `${folder}/${name}.mkv`);
    for (const [i, path] of inputs.entries()) await makeScan(path, { pictures: 3 + i });
    const out = `${folder}/out`;
    const stop = new AbortController();
    const stopped = (async () => {
      const options = { signal: stop.signal, concurrency: 1 };
      for await (const event of prepareDataset(inputs, out, config, options)) {
        if (event.kind === "scan") stop.abort(new Error("stopped"));
      }
    })();
    await assert.rejects(stopped, /stopped/);
    assert.throws(() => DatasetReader.open(out), SonospeechError);
    assert.deepEqual([...Deno.readDirSync(`${out}/scans`)].map((entry) => entry.name), ["s0001"]);

    const reusedIn = (events: PrepareEvent[]) =>
      Object.fromEntries(events.flatMap((e) => e.kind === "scan" ? [[e.scanId, e.reused]] : []));
    assert.deepEqual(reusedIn(await prepare(inputs, out)), { s0001: true, s0002: false, s0003: false });
    const dataset = DatasetReader.open(out);
    assert.deepEqual(
      new Set(dataset.scans().map((scan) => scan.split)),
      new Set(["train", "validation", "test"]),
    );

    // A second run changes nothing, even from another place.
    await Deno.mkdir(`${folder}/moved`);
    const moved = inputs.map((path) => path.replace(folder, `${folder}/moved`));
    for (const [i, path] of inputs.entries()) await Deno.rename(path, moved[i]);
    assert.deepEqual(reusedIn(await prepare(moved, out)), { s0001: true, s0002: true, s0003: true });
    assert.equal(DatasetReader.open(out).id, dataset.id);

    await makeScan(moved[1], { pictures: 2 });
    assert.deepEqual(reusedIn(await prepare(moved, out)), { s0001: true, s0002: false, s0003: true });
    assert.deepEqual(DatasetReader.open(out).scans().map((scan) => scan.windowCount), [3, 2, 3]);

    await assert.rejects(
      prepare(moved, out, resolvePrepareConfig({ file: config, set: ["windowSeconds=1.5"] })),
      (error) =>
        error instanceof SonospeechError && error.code === "config" && /windowSeconds/.test(error.message),
    );
  });
});

Deno.test("prepareDataset() says when most scans are too short, and which windowSeconds takes them all", async () => {
  await withFolder(async (folder) => {
    for (const [i, seconds] of [1.53, 1.24, 2.5].entries()) {
      await makeScan(`${folder}/${i}.mkv`, { pictures: 3, sound: seconds });
    }
    const inputs = [0, 1, 2].map((i) => `${folder}/${i}.mkv`);
    const settings = (windowSeconds: number) => resolvePrepareConfig({ file: { ...config, windowSeconds } });
    const events = await prepare(inputs, `${folder}/long`, settings(2));
    const details = events.flatMap((event) => event.kind === "quarantined" ? [event.record.detail] : [])
      .sort();
    assert.match(details[0], /together for 1\.24 s, a window needs 2 s \(windowSeconds\)/);
    const warnings = events.flatMap((event) => event.kind === "warning" ? [event.message] : []);
    assert.deepEqual(warnings, [
      "most scans cannot be used: 2 of 3 are too short for windows of 2 s; --set windowSeconds=1.24 is the longest " +
      "that would take all of them, with another --out folder",
    ]);
    assert.deepEqual(quarantined(await prepare(inputs, `${folder}/all`, settings(1.24))), {});
  });
});

Deno.test("prepareDataset() of clips that differ in length alone gives networks the same inputs", async () => {
  await withFolder(async (folder) => {
    const lengths = [1, 1.003, 1.2, 1.55, 1.9];
    for (const [i, seconds] of lengths.entries()) {
      const tone = `aevalsrc='0.5*sin(2*PI*t*(300+200*t))+0.01*random(0)':d=${seconds}:s=24000`;
      const pictures = countingPictures(seconds + 0.1);
      const coding = ["-c:v", "ffv1", "-c:a", "pcm_s16le"];
      await ffmpeg(...pictures, "-f", "lavfi", "-i", tone, ...coding, `file:${folder}/${i}.mkv`);
    }
    await prepare(lengths.map((_, i) => `${folder}/${i}.mkv`), `${folder}/out`);
    const dataset = DatasetReader.open(`${folder}/out`);
    assert.equal(dataset.windows().length, lengths.length);
    const run = resolveRunConfig({ set: ["model.frameSize=[12,16]"] });
    const { config: fitted } = fitRunConfig(run, dataset);
    const reader = new BatchReader(dataset, fitted, { speech: true, negatives: false });
    const inputs = dataset.windows().map((window) => {
      const speech = { window, startSeconds: speechStart(0, 0.5, places(fitted)) };
      const sample = {
        window,
        frames: [0, 3, 1, 2],
        permutation: [],
        pairs: [{ ...pair, positive: speech }],
      };
      // With all random changes on: of equal plans they are equal.
      return reader.read({ epoch: 0, stepInEpoch: 0, samples: [sample] });
    });
    for (const { frames, speech } of inputs.slice(1)) {
      assert.deepEqual(frames, inputs[0].frames);
      // A clip that ends with its window has nothing after it in the last columns' analysis windows.
      speech!.forEach((value, i) => assert.ok(Math.abs(value - inputs[0].speech![i]) < 0.05));
    }
    for (const { speech } of inputs.slice(3)) assert.deepEqual(speech, inputs[2].speech);
    dataset.close();
  });
});

const pair = { negative: null, isHard: false };

function places({ data: { speechSeconds } }: RunConfig) {
  return { windowSeconds: 1, speechSeconds, scanSeconds: 1 };
}

Deno.test("prepareDataset() never has one video under two subjects, however it is paired or when it comes", async () => {
  await withFolder(async (folder) => {
    await makeScan(`${folder}/v.mkv`);
    await Deno.copyFile(`${folder}/v.mkv`, `${folder}/copy.mkv`);
    await ffmpeg(...ticks(4), `file:${folder}/s.flac`);
    const list = async (...rows: string[]) => {
      await Deno.writeTextFile(`${folder}/list.csv`, ["video,subject,speech,scan", ...rows].join("\n"));
      return await prepare([`${folder}/list.csv`], `${folder}/out`);
    };
    const first = "v.mkv,p1,,first";
    const foreign = "copy.mkv,p2,s.flac,foreign";
    // The first of the list stays, though its bytes are the more to read.
    assert.deepEqual(quarantined(await list(first, "v.mkv,p1,s.flac,again", foreign)), {
      foreign: "duplicate",
    });
    // Without the first in the list it is still in the dataset.
    assert.deepEqual(quarantined(await list(foreign)), { foreign: "duplicate" });
    assert.deepEqual(DatasetReader.open(`${folder}/out`).scans().map((scan) => scan.subject), ["p1", "p1"]);
    // Said to be the same subject, it is welcome.
    assert.deepEqual(quarantined(await list(first, foreign.replace("p2", "p1"))), {});
  });
});

Deno.test("prepareDataset() keeps the first of equal scans, whichever is read first", async () => {
  await withFolder(async (folder) => {
    await makeScan(`${folder}/big.mkv`, { pictures: 4, sound: 4 });
    await makeScan(`${folder}/a.mkv`);
    for (const name of ["b", "c", "d"]) await Deno.copyFile(`${folder}/a.mkv`, `${folder}/${name}.mkv`);
    const inputs = ["big", "a", "b", "c", "d"].map((name) => `${folder}/${name}.mkv`);
    assert.deepEqual(Object.keys(quarantined(await prepare(inputs, `${folder}/out`))).sort(), [
      "b.mkv",
      "c.mkv",
      "d.mkv",
    ]);
  });
});

Deno.test("prepareDataset() gives the same dataset again, byte for byte", async () => {
  await withFolder(async (folder) => {
    for (const name of ["a", "b"]) {
      await makeScan(`${folder}/${name}.mkv`, { pictures: name === "a" ? 3 : 2 });
    }
    const inputs = [`${folder}/a.mkv`, `${folder}/b.mkv`];
    for (const out of ["one", "two"]) await prepare(inputs, `${folder}/${out}`);
    const files = ["frames", "pcm", "log_spectrogram"].map((name) => `scans/s0001/${name}.safetensors`);
    for (const file of [...files, "split.json", "dataset.json"]) {
      assert.deepEqual(
        await Deno.readFile(`${folder}/one/${file}`),
        await Deno.readFile(`${folder}/two/${file}`),
      );
    }
    assert.equal(DatasetReader.open(`${folder}/one`).id, DatasetReader.open(`${folder}/two`).id);
  });
});
