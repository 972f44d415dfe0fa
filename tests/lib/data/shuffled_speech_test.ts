import assert from "node:assert/strict";
import { withShuffledSpeech } from "../../../lib/data/shuffled_speech.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

Deno.test("withShuffledSpeech() lets every training scan hear another subject's speech, each one's once", () => {
  const source = fakeWindows({ scans: 10 });
  const shuffled = withShuffledSpeech(source, 1);
  const scans = [...new Set(source.windows({ split: "train" }).map(({ scanId }) => scanId))];
  const speech = (from: typeof source | typeof shuffled, scan: string) =>
    from.readLogSpectrogram(scan, 0, 100).join();
  const own = new Map(scans.map((scan) => [speech(source, scan), scan]));
  const heard = scans.map((scan) => own.get(speech(shuffled, scan)));
  assert.equal(new Set(heard).size, scans.length);
  heard.forEach((scan, i) => assert.notEqual(scan, scans[i]));
});

Deno.test("withShuffledSpeech() leaves pictures and held-out scans as they are", () => {
  const source = fakeWindows({ scans: 10 });
  const shuffled = withShuffledSpeech(source, 1);
  const [held] = source.windows({ split: "test" });
  assert.deepEqual(
    shuffled.readLogSpectrogram(held.scanId, 3, 20),
    source.readLogSpectrogram(held.scanId, 3, 20),
  );
  for (const { scanId, firstFrame } of source.windows()) {
    assert.deepEqual(shuffled.readFrames(scanId, firstFrame, 1), source.readFrames(scanId, firstFrame, 1));
  }
});

Deno.test("withShuffledSpeech() moves the share of speech along with the speech", () => {
  const source = fakeWindows({ scans: 10, silentEvery: 7 });
  const shuffled = withShuffledSpeech(source, 1);
  const voiced = (from: typeof source | typeof shuffled) =>
    from.windows({ split: "train" }).map(({ voicedFractionWebrtc }) => voicedFractionWebrtc);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  assert.equal(sum(voiced(shuffled)), sum(voiced(source)));
  assert.notDeepEqual(voiced(shuffled), voiced(source));
});

Deno.test("withShuffledSpeech() repeats speech that is shorter than what is seen", () => {
  const source = fakeWindows({ scans: 10 });
  const shuffled = withShuffledSpeech(source, 1);
  const [{ scanId }] = source.windows({ split: "train" });
  const { spectrogram: { bands, hopSeconds }, windowSeconds } = source.config;
  const length = Math.round((source.windows({ scanId }).length * windowSeconds) / hopSeconds);
  const twice = shuffled.readLogSpectrogram(scanId, 0, 2 * length);
  assert.deepEqual(twice.slice(0, length * bands), twice.slice(length * bands));
  assert.deepEqual(shuffled.readLogSpectrogram(scanId, -length, length), twice.slice(0, length * bands));
});

Deno.test("withShuffledSpeech() exchanges scans of one subject where there are no others, and refuses a single scan", () => {
  const source = fakeWindows({ scans: 10 });
  type Options = Parameters<typeof source.windows>[0];
  const ofOne = {
    ...source,
    windows: (options?: Options) => source.windows(options).map((window) => ({ ...window, subject: "p0" })),
  };
  const [first] = source.windows({ split: "train" });
  assert.notDeepEqual(
    withShuffledSpeech(ofOne, 1).readLogSpectrogram(first.scanId, 0, 50),
    source.readLogSpectrogram(first.scanId, 0, 50),
  );
  const single = {
    ...source,
    windows: (options?: Options) => source.windows(options).filter(({ scanId }) => scanId === first.scanId),
  };
  assert.throws(() => withShuffledSpeech(single, 1), /at least two scans/);
});
