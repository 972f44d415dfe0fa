import assert from "node:assert/strict";
import { SonospeechError } from "../../../lib/errors.ts";
import { planeNamed } from "../../../lib/phantom/anatomy.ts";
import { phantomDefaults, type PhantomOptions, resolvePhantomOptions } from "../../../lib/phantom/options.ts";
import { generatePhantom } from "../../../lib/phantom/phantom.ts";
import type { ScanTruth } from "../../../lib/phantom/truth.ts";
import type { Progress } from "../../../lib/progress.ts";

// kal is the voice that is spoken fastest.
const tiny: PhantomOptions = {
  seed: 3,
  subjects: 2,
  secondsPerScan: 6,
  frameRate: 10,
  frameSize: [72, 96],
  voices: ["kal"],
};

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function make(folder: string, options: PhantomOptions, signal?: AbortSignal): Promise<Progress[]> {
  return await Array.fromAsync(generatePhantom(folder, options, { signal }));
}

/** All files below a folder with their hashes. */
async function contents(folder: string): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  const places = [""];
  for (const place of places) {
    for await (const entry of Deno.readDir(`${folder}/${place}`)) {
      if (entry.isDirectory) places.push(`${place}${entry.name}/`);
      if (!entry.isFile) continue;
      const bytes = await Deno.readFile(`${folder}/${place}${entry.name}`);
      out[place + entry.name] = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    }
  }
  return out;
}

async function readTruth(folder: string): Promise<ScanTruth[]> {
  const text = await Deno.readTextFile(`${folder}/truth.jsonl`);
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function probe(path: string): Promise<{ streams: Record<string, unknown>[] }> {
  const args = ["-v", "error", "-of", "json", "-count_frames", "-show_streams", `file:${path}`];
  const { stdout } = await new Deno.Command("ffprobe", { args }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("generatePhantom() writes the same bytes for the same options, others for another seed", async () => {
  await inFolder(async (folder) => {
    const progress = await make(`${folder}/a`, tiny);
    await make(`${folder}/b`, tiny);
    await make(`${folder}/c`, { ...tiny, seed: 4 });
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => contents(`${folder}/${name}`)));
    const files = (kind: string, extension: string) =>
      ["s0001-01", "s0002-01"].map((scan) => `${kind}/${scan}.${extension}`);
    const videos = files("videos", "mp4");
    assert.deepEqual(Object.keys(a).sort(), [
      ...files("gaze", "csv"),
      ...files("labels", "csv"),
      ...["manifest.csv", "phantom.json", "truth.jsonl"],
      ...videos,
    ]);
    assert.deepEqual(a, b);
    for (const file of ["truth.jsonl", ...videos]) assert.notEqual(a[file], c[file], file);
    assert.notEqual(a[videos[0]], a[videos[1]]);
    assert.equal(progress.at(-1)!.done, 120);
    assert.ok(progress.every(({ done }, i) => done > (progress[i - 1]?.done ?? 0)));
  });
});

Deno.test("generatePhantom() writes ordinary videos, a manifest and the truth", async () => {
  await inFolder(async (folder) => {
    await make(folder, {
      ...tiny,
      subjects: 1,
      scansPerSubject: 2,
      secondsPerScan: 20,
      planes: ["femur", "head"],
    });
    assert.deepEqual((await Deno.readTextFile(`${folder}/manifest.csv`)).split("\n"), [
      "scan,subject,video,speech,speech_offset_seconds,labels,gaze,split",
      "s0001-01,s0001,videos/s0001-01.mp4,,,labels/s0001-01.csv,gaze/s0001-01.csv,",
      "s0001-02,s0001,videos/s0001-02.mp4,,,labels/s0001-02.csv,gaze/s0001-02.csv,",
      "",
    ]);
    const { streams } = await probe(`${folder}/videos/s0001-02.mp4`);
    const [video, audio] = streams;
    assert.deepEqual([video.codec_name, video.width, video.height, video.nb_read_frames], [
      "h264",
      96,
      72,
      "200",
    ]);
    assert.deepEqual([audio.codec_name, audio.sample_rate, audio.channels], ["aac", "24000", 1]);
    assert.ok(Math.abs(Number(audio.duration) - 20) < 0.1, `sound lasts ${audio.duration} s`);
    const truths = await readTruth(folder);
    assert.deepEqual(truths.map(({ scan, subject }) => [scan, subject]), [["s0001-01", "s0001"], [
      "s0001-02",
      "s0001",
    ]]);
    for (const { segments, utterances } of truths) {
      assert.deepEqual([segments[0].startSeconds, segments.at(-1)!.endSeconds], [0, 20]);
      segments.slice(1).forEach(({ startSeconds }, i) => assert.equal(startSeconds, segments[i].endSeconds));
      assert.ok(utterances.length > 0);
      for (const { text, plane, isRelated } of utterances) {
        if (isRelated) assert.ok(planeNamed(plane!).wordings.includes(text));
      }
    }
  });
});

Deno.test("generatePhantom() is heard where the truth says so", async () => {
  await inFolder(async (folder) => {
    await make(folder, { ...tiny, subjects: 1, secondsPerScan: 20 });
    const args = ["-v", "error", "-i", `file:${folder}/videos/s0001-01.mp4`, "-f", "s16le", "pipe:1"];
    const { stdout } = await new Deno.Command("ffmpeg", { args }).output();
    const pcm = new Int16Array(stdout.buffer, 0, stdout.byteLength >> 1);
    const [{ utterances, noise, speechDb, noiseDb }] = await readTruth(folder);
    const busy = [...utterances, ...noise].map((
      { startSeconds, endSeconds },
    ) => [startSeconds, endSeconds + 0.15]);
    let speech = 0, speechCount = 0, quiet = 0, quietCount = 0;
    pcm.forEach((value, i) => {
      const t = i / 24000, power = (value / 32768) ** 2;
      if (utterances.some((u) => t >= u.startSeconds && t < u.endSeconds)) speech += power, speechCount++;
      else if (!busy.some(([from, to]) => t >= from - 0.05 && t < to)) quiet += power, quietCount++;
    });
    const heard = 10 * Math.log10(speech / speechCount), silence = 10 * Math.log10(quiet / quietCount);
    assert.ok(Math.abs(heard - speechDb) < 3, `speech ${heard} dB, truth ${speechDb}`);
    assert.ok(Math.abs(silence - noiseDb) < 4, `room ${silence} dB, truth ${noiseDb}`);
  });
});

Deno.test("generatePhantom() stops at the signal without leftovers, goes on later, and then leaves it alone", async () => {
  await inFolder(async (folder) => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const started = (async () => {
      for await (const { done } of generatePhantom(`${folder}/a`, { ...tiny, subjects: 3 }, stop)) {
        if (done >= 75) stop.abort(reason);
      }
    })();
    await assert.rejects(started, reason);
    const half = await contents(`${folder}/a`);
    assert.ok(!("manifest.csv" in half));
    assert.deepEqual(Object.keys(half).filter((name) => /partial|pcm|voice/.test(name)), []);
    await make(`${folder}/a`, { ...tiny, subjects: 3 });
    await make(`${folder}/b`, { ...tiny, subjects: 3 });
    assert.deepEqual(await contents(`${folder}/a`), await contents(`${folder}/b`));
    assert.deepEqual((await make(`${folder}/a`, { ...tiny, subjects: 3 })).map(({ done }) => done), [180]);
  });
});

Deno.test("generatePhantom() refuses a folder that holds something else", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/notes.txt`, "mine");
    await assert.rejects(
      make(folder, tiny),
      (error) => error instanceof SonospeechError && error.code === "input",
    );
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["notes.txt"]);
  });
});

Deno.test("generatePhantom() says that ffmpeg is missing, and leaves nothing half made", () =>
  inFolder(async (folder) => {
    // A process of its own, because all tests of this one share their environment.
    const script = `
      import { generatePhantom } from ${
      JSON.stringify(import.meta.resolve("../../../lib/phantom/phantom.ts"))
    };
      await Array.fromAsync(generatePhantom(${JSON.stringify(`${folder}/a`)}, ${JSON.stringify(tiny)}))
        .catch(({ code, hint }) => console.log(JSON.stringify({ code, hint: hint !== undefined })));`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", script],
      env: { PATH: folder },
    }).output();
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), { code: "environment", hint: true });
    assert.deepEqual(Object.keys(await contents(`${folder}/a`)), ["phantom.json"]);
  }));

Deno.test("resolvePhantomOptions() fills in defaults and refuses what cannot be made, by name", () => {
  assert.deepEqual(resolvePhantomOptions(), phantomDefaults);
  assert.deepEqual(resolvePhantomOptions({ seed: undefined, subjects: 3 }), {
    ...phantomDefaults,
    subjects: 3,
  });
  const easy = resolvePhantomOptions({ difficulty: "easy", wordings: 2 });
  assert.deepEqual([easy.planes.length, easy.relatedShare, easy.lagSeconds, easy.wordings], [
    9,
    0.8,
    [-1, 1.5],
    2,
  ]);
  assert.deepEqual([phantomDefaults.planes.length, phantomDefaults.relatedShare], [13, 0.4]);
  const refused: [PhantomOptions, RegExp][] = [
    [{ seed: -1 }, /seed must be a whole number/],
    [{ subjects: 0 }, /subjects must be/],
    [{ subjects: 1.5 }, /subjects must be a whole number/],
    [{ scansPerSubject: 100 }, /scansPerSubject must be/],
    [{ secondsPerScan: NaN }, /secondsPerScan must be/],
    [{ frameRate: 0 }, /frameRate must be/],
    [{ frameSize: [71, 96] }, /frameSize must be an even height and width/],
    [{ relatedShare: 1.1 }, /relatedShare must be/],
    [{ lagSeconds: [1, -1] }, /lagSeconds must be a range/],
    [{ planes: [] }, /planes must name at least one/],
    [{ planes: ["elbow"] }, /planes must be different ones of head, heart.*3VT.*received "elbow"/],
    [{ voices: ["slt", "slt"] }, /voices must be different ones/],
    [{ difficulty: "brutal" } as object, /difficulty must be .*easy, standard, hard, received "brutal"/],
    [{ frames: 3 } as PhantomOptions, /options must be ones of difficulty, seed.*received "frames"/],
  ];
  for (const [options, message] of refused) {
    assert.throws(() => resolvePhantomOptions(options), (error) => {
      assert.ok(error instanceof SonospeechError && error.code === "usage");
      assert.match(error.message, message);
      return true;
    });
  }
});
