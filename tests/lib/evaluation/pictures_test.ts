import assert from "node:assert/strict";
import { SonospeechError } from "../../../lib/errors.ts";
import {
  checkTransferSplit,
  datasetPictures,
  resizedPictures,
  transferSplits,
} from "../../../lib/evaluation/pictures.ts";
import { detectPlanes } from "../../../lib/evaluation/plane_detection.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";
import { finish, inWasm, shortSettings, smallModel } from "../../helpers/fine_tuning.ts";

Deno.test("transferSplits() tests every picture once and never trains on its subject", () => {
  const subjects = Array.from({ length: 30 }, (_, i) => `p${i % 7}`);
  const splits = transferSplits(subjects, { folds: 3, seed: 1 });
  assert.deepEqual(splits.flatMap(({ test }) => test).sort((a, b) => a - b), [...subjects.keys()]);
  for (const split of splits) {
    checkTransferSplit("test", split);
    assert.equal(split.train.length + split.test.length, 30);
  }
});

Deno.test("checkTransferSplit() refuses pictures that do not exist and parts that are empty", () => {
  const subjects = ["a", "b"];
  const refuses = (train: number[], test: number[], message: RegExp) =>
    assert.throws(
      () => checkTransferSplit("test", { subjects, train, test }),
      (error) => error instanceof SonospeechError && error.code === "input" && message.test(error.message),
    );
  refuses([0], [2], /received 2/);
  refuses([0], [], /pictures to test on/);
  refuses([0, 1], [1], /1 test pictures of trained subjects/);
});

Deno.test("resizedPictures() keeps the mean and leaves pictures of the right size alone", () => {
  const pictures = {
    count: 1,
    size: [4, 4] as const,
    read: () => Uint8Array.from({ length: 16 }, (_, i) => 8 * i),
  };
  assert.equal(resizedPictures(pictures, [4, 4]), pictures);
  assert.deepEqual(Array.from(resizedPictures(pictures, [2, 2]).read(0)), [20, 36, 84, 100]);
});

Deno.test("datasetPictures() are a dataset's own frames: planes are found on subjects that were not seen", () =>
  inWasm(async (executor) => {
    const dataset = fakeWindows({ scans: 18, windowsPerScan: 6 });
    const windows = dataset.windows();
    const pictures = datasetPictures(
      dataset,
      windows.map(({ scanId, firstFrame }) => ({ scanId, frame: firstFrame })),
    );
    const { scanId, firstFrame } = windows[7];
    assert.deepEqual(pictures.read(7), dataset.readFrames(scanId, firstFrame, 1));
    const [split] = transferSplits(windows.map(({ subject }) => subject), { folds: 3, seed: 1 });
    const augmentation = { ...shortSettings.augmentation, flipShare: 0 };
    const { report } = await finish(detectPlanes({
      executor,
      model: smallModel,
      settings: { ...shortSettings, augmentation },
      pictures,
      labels: windows.map(({ id }) => dataset.patternOf(id)),
      classes: ["a", "b", "c", "d"],
      ...split,
    }));
    assert.ok(report.accuracy > 0.6, `accuracy ${report.accuracy}`);
    assert.equal(report.macroWithoutBackground, null);
  }));
