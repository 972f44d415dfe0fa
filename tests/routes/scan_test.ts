import assert from "node:assert/strict";
import { decode } from "fast-png";
import { wavStreamResponse } from "../../routes/sound.ts";
import type {
  CertificateWire,
  DatasetWire,
  ScanDetailWire,
  VoiceAnswer,
} from "../../routes/wire/datasets.ts";
import { assertProblem, withApp } from "../helpers/app_bench.ts";
import { fakeDataset } from "../helpers/fake_run.ts";

const scan = "/api/runs/r1/dataset/scans/scan0";

Deno.test("scans are told over their time: windows, voice, labels, gaze, notes without names", () =>
  withApp(async ({ json }) => {
    const detail = await json<ScanDetailWire>(scan);
    assert.deepEqual(
      [detail.id, detail.subject, detail.split, detail.seconds, detail.frameCount, detail.frameSeconds],
      ["scan0", 1, "train", 40, 160, 0.25],
    );
    assert.deepEqual(detail.windowList.map(({ index }) => index), Array.from({ length: 20 }, (_, i) => i));
    assert.deepEqual(detail.labels.map(({ label }) => label), ["head", "<b>heart</b>"]);
    assert.equal(detail.fixations?.length, 20);
    assert.deepEqual(Object.keys(detail.fixations![0]).sort(), ["durationSeconds", "startSeconds", "x", "y"]);
    assert.deepEqual(detail.notes, ["thin bright lines in … never change"]);
    const voice = await json<VoiceAnswer>(`${scan}/voice`);
    assert.deepEqual(voice.voiced?.webrtc, [], "a tone is no voice");
    assert.deepEqual(await json(`${scan}/voice`), voice);
    assert.ok(!JSON.stringify(detail).includes("anna"));
    const other = await json<ScanDetailWire>("/api/runs/r1/dataset/scans/scan3");
    assert.deepEqual([other.labels, other.fixations, other.notes], [[], null, []]);
  }));

Deno.test("scans have frames, a spectrogram no wider than a screen, and refuse what they have not", () =>
  withApp(async ({ ask }) => {
    const picture = async (path: string) => {
      const { width, height, channels } = decode(await (await ask(`${scan}/${path}`)).bytes());
      return [width, height, channels];
    };
    assert.deepEqual(await picture("frame.png?index=159"), [64, 64, 1]);
    assert.deepEqual(await picture("spectrogram.png"), [1200, 64, 3]);
    await assertProblem(await ask(`${scan}/frame.png?index=160`), 400);
    await assertProblem(await ask(`${scan}/frame.png?index=-1`), 400);
    for (const name of ["none", "..%2f..%2fetc", "__proto__", "scan0%00", "x".repeat(5000)]) {
      await assertProblem(await ask(`/api/runs/r1/dataset/scans/${name}`), 404);
      await assertProblem(await ask(`/api/runs/r1/dataset/scans/${name}/speech.wav`), 404);
    }
  }));

Deno.test("a scan's speech is a WAV file, whole or from any byte on, read as it is sent", () =>
  withApp(async ({ ask }) => {
    const whole = await ask(`${scan}/speech.wav`);
    const bytes = await whole.bytes();
    assert.equal(whole.headers.get("content-length"), String(44 + 2 * 40 * 24_000));
    assert.equal(bytes.length, 44 + 2 * 40 * 24_000);
    assert.equal(whole.headers.get("cache-control"), "no-store");
    assert.equal(whole.headers.get("etag"), null, "a tag would mean to read all of it first");
    const samples = new Int16Array(bytes.slice(44).buffer);
    assert.deepEqual(samples.slice(70_000, 70_010), fakeDataset().readPcm("scan0", 70_000, 10));
    for (
      const [first, last] of [[0, 9], [40, 50], [43, 45], [45, 45], [200_001, 400_004], [
        bytes.length - 3,
        bytes.length - 1,
      ]]
    ) {
      const part = await ask(`${scan}/speech.wav`, { range: `bytes=${first}-${last}` });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get("content-range"), `bytes ${first}-${last}/${bytes.length}`);
      assert.deepEqual(await part.bytes(), bytes.slice(first, last + 1), `${first}-${last}`);
    }
    await assertProblem(await ask(`${scan}/speech.wav`, { range: `bytes=${bytes.length}-` }), 416);
  }));

Deno.test("wavStreamResponse() reads no further than its reader", async () => {
  let read = 0;
  const response = wavStreamResponse({
    sampleRate: 8000,
    sampleCount: 10_000_000,
    read: (_start, count) => (read += count, new Int16Array(count)),
  }, {});
  const reader = response.body!.getReader();
  for (let i = 0; i < 3; i++) await reader.read();
  await reader.cancel();
  assert.ok(read > 0 && read < 500_000, `${read} samples`);
});

Deno.test("a scan's speech that cannot be read is refused; one that breaks while it is sent tells no path", async () => {
  const broken = (from: number) => (start: number, count: number) => {
    if (start + count > from) throw new Error("/data/anna/pcm.safetensors is gone");
    return new Int16Array(count);
  };
  const sound = { sampleRate: 8000, sampleCount: 1_000_000 };
  assert.throws(() => wavStreamResponse({ ...sound, read: broken(0) }, {}));
  assert.throws(() => wavStreamResponse({ ...sound, read: broken(9000) }, { range: "bytes=20000-" }));
  const response = wavStreamResponse({ ...sound, read: broken(100_000) }, {});
  await assert.rejects(
    response.bytes(),
    (reason) => typeof reason === "string" && /^Unforeseen Error at /.test(reason) && !/anna/.test(reason),
  );
});

Deno.test("datasets tell each scan's share of voice", () =>
  withApp(async ({ json }) => {
    const { scans, voicedFractionWebrtc } = await json<DatasetWire>("/api/runs/r1/dataset");
    const mean = scans.reduce((sum, one) => sum + one.voicedFractionWebrtc, 0) / scans.length;
    assert.ok(Math.abs(mean - voicedFractionWebrtc) < 1e-9);
  }));

Deno.test("the split certificate is told in counts, without digests, or as missing", () =>
  withApp(async ({ run, json, ask }) => {
    const path = "/api/runs/r1/certificate";
    assert.deepEqual(await json(path), { certificate: null });
    await assertProblem(await ask("/api/runs/none/certificate"), 404);
    const rule = {
      ...{ cellSeconds: 0.5, dimension: 256, segmentCells: 3, surroundingCells: 7, stillLevel: 3 },
      ...{ segmentCorrelation: 0.65, surroundingCorrelation: 0.6 },
    };
    const split = (subjects: string[]) => ({
      subjects,
      scans: subjects.length,
      windows: 20 * subjects.length,
    });
    await Deno.writeTextFile(
      `${run.folder}/certificate.json`,
      JSON.stringify({
        ...{ version: 1, datasetId: "d", windowsCompared: 140, nearDuplicates: 0 },
        splits: { train: split(["aa", "bb", "cc"]), validation: split(["dd"]), test: split([]) },
        rules: { pictures: rule, speech: rule },
      }),
    );
    const { certificate } = await json<{ certificate: CertificateWire }>(path);
    assert.equal(certificate.isOfDataset, true);
    assert.deepEqual(certificate.splits[0], { split: "train", subjects: 3, scans: 3, windows: 60 });
    assert.deepEqual(certificate.pictures, {
      segmentSeconds: 1.5,
      surroundingSeconds: 3.5,
      leastCorrelation: 0.65,
    });
    assert.ok(!/aa|bb/.test(JSON.stringify(certificate)));
    for (const text of ["{", "7", '{"splits":5,"version":1}']) {
      await Deno.writeTextFile(`${run.folder}/certificate.json`, text);
      await assertProblem(await ask(path), 503);
    }
  }));
