import assert from "node:assert/strict";
import { decodeFrames, decodePcm } from "../../../lib/media/decode.ts";
import { countingPictures, ffmpeg, ticks, withFolder } from "./make_media.ts";

async function framesOf(path: string, startSeconds: number, frameRate: number): Promise<number[]> {
  const levels: number[] = [];
  await decodeFrames({
    ...{ path, streamIndex: 0, startSeconds, frameRate, size: [1, 1] },
    onFrames: (frames) => void levels.push(...frames),
  });
  return levels;
}

/** The level of the picture that counting pictures show at a time. */
const shownAt = (seconds: number) => 5 * Math.floor(seconds * 10 + 1e-6);

Deno.test("decodeFrames() gives the picture shown at each instant, with offset and uneven frames", async () => {
  await withFolder(async (folder) => {
    const even = `${folder}/%d even.mkv`;
    await ffmpeg(...countingPictures(3), "-c:v", "ffv1", `file:${even}`);
    const expected = Array.from({ length: 12 }, (_, n) => shownAt(n / 4));
    assert.deepEqual(await framesOf(even, 0, 4), expected);
    assert.deepEqual(
      await framesOf(even, 0.55, 4),
      Array.from({ length: 10 }, (_, n) => shownAt(0.55 + n / 4)),
    );

    // 2.7 Hz does not divide 10 Hz: a frame off by one tick would show.
    const slow = Array.from({ length: 8 }, (_, n) => shownAt(n / 2.7));
    assert.deepEqual((await framesOf(even, 0, 2.7)).slice(0, 8), slow);

    const late = `${folder}/late.mkv`;
    await ffmpeg("-itsoffset", "0.7", "-i", `file:${even}`, "-c", "copy", `file:${late}`);
    assert.deepEqual((await framesOf(late, 0.7, 4)).slice(0, 12), expected);

    const uneven = `${folder}/uneven.mkv`;
    const select = "select='eq(n,0)+eq(n,3)+eq(n,4)+eq(n,5)+gt(n,21)'";
    await ffmpeg("-i", `file:${even}`, "-vf", select, "-fps_mode", "vfr", "-c:v", "ffv1", `file:${uneven}`);
    const held = expected.map((level) => level < 15 ? 0 : level > 25 && level < 110 ? 25 : level);
    assert.deepEqual(await framesOf(uneven, 0, 4), held);
  });
});

Deno.test("decodeFrames() crops exactly and shrinks by areas", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/ramp.mkv`;
    const ramp = "color=c=black:s=64x48:r=10:d=0.1,format=gray,geq=lum='X*2+Y'";
    await ffmpeg("-f", "lavfi", "-i", ramp, "-c:v", "ffv1", `file:${path}`);
    const frames: number[] = [];
    await decodeFrames({
      ...{ path, streamIndex: 0, startSeconds: 0, frameRate: 10, size: [1, 2] },
      crop: { x: 3, y: 5, width: 4, height: 3 },
      onFrames: (bytes) => void frames.push(...bytes),
    });
    // Means of 2x + y over x = 3, 4 and 5, 6 with y = 5, 6, 7.
    assert.deepEqual(frames.slice(0, 2), [13, 17]);
  });
});

async function pcmOf(path: string, startSeconds: number): Promise<number[]> {
  const samples: number[] = [];
  await decodePcm({
    ...{ path, streamIndex: 0, startSeconds, sampleRate: 24000 },
    onSamples: (piece) => void samples.push(...piece),
  });
  return samples;
}

/** Index of the largest sample. */
const peakOf = (samples: number[]) => samples.reduce((best, value, i) => value > samples[best] ? i : best, 0);

Deno.test("decodePcm() starts at the asked instant whatever the stream's start, coding and channels", async () => {
  await withFolder(async (folder) => {
    const wav = `${folder}/ticks.wav`;
    await ffmpeg(...ticks(2), `file:${wav}`);
    assert.equal(peakOf((await pcmOf(wav, 0.75)).slice(0, 24000)), 6000);

    const late = `${folder}/late.mkv`;
    await ffmpeg("-itsoffset", "0.4", "-i", `file:${wav}`, "-c", "copy", `file:${late}`);
    assert.equal(peakOf((await pcmOf(late, 0.9)).slice(0, 24000)), 12000);

    // The coder's priming samples must not shift the sound; six channels are mixed, 192 kHz lowered.
    const aac = `${folder}/ticks.m4a`;
    await ffmpeg(...ticks(2), "-c:a", "aac", "-b:a", "256k", `file:${aac}`);
    assert.ok(Math.abs(peakOf((await pcmOf(aac, 0.5)).slice(0, 24000)) - 12000) <= 2);
    const six = `${folder}/six.wav`;
    await ffmpeg(...ticks(2, 192000), "-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0", `file:${six}`);
    assert.equal(peakOf((await pcmOf(six, 0.75)).slice(0, 24000)), 6000);
  });
});

Deno.test("decodePcm() turns a gap in the time stamps into silence of its length", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/gap.mkv`;
    const cut = "aselect='lt(t,0.5)+gte(t,1.5)'";
    await ffmpeg(...ticks(3), "-af", cut, "-c:a", "pcm_s16le", `file:${path}`);
    const samples = await pcmOf(path, 0);
    assert.ok(Math.abs(samples.length - 72000) < 1200, `${samples.length}`);
    assert.ok(Math.abs(48000 - 1000 - peakOf(samples.slice(1000))) < 1200);
  });
});

Deno.test("decodeFrames() stops ffmpeg when it is aborted", async () => {
  const endless = new AbortController();
  await withFolder(async (folder) => {
    const path = `${folder}/x.mkv`;
    await ffmpeg(...countingPictures(2), "-c:v", "ffv1", `file:${path}`);
    const decoding = decodeFrames({
      ...{ path, streamIndex: 0, startSeconds: 0, frameRate: 1000, size: [480, 640], signal: endless.signal },
      onFrames: () => endless.abort(new Error("enough")),
    });
    await assert.rejects(decoding, /enough/);
  });
});
