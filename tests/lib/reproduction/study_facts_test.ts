import assert from "node:assert/strict";
import { planCells } from "../../../lib/reproduction/cell.ts";
import { studies } from "../../../lib/reproduction/study.ts";
import type { LabelledPicture, StudyData } from "../../../lib/reproduction/study_data.ts";
import { planStudy } from "../../../lib/reproduction/study_facts.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

interface Fake {
  trained?: number;
  tested?: number;
  labels?: number[];
  trainedHaveLabels?: boolean;
  /** Which of the tested subjects have gaze. */
  looked?: (subject: number) => boolean;
}

/** Two windows of each subject. */
function fakeData(
  { trained = 6, tested = 6, labels = [0, 1], trainedHaveLabels = true, looked = () => true }: Fake = {},
): StudyData {
  const picturesOf = (part: string, subjects: number): LabelledPicture[] =>
    Array.from({ length: 2 * subjects }, (_, i) => ({
      window: { subject: `${part}${i >> 1}` } as LabelledPicture["window"],
      frame: i,
      label: labels[i % labels.length],
      gaze: part === "b" && looked(i >> 1) ? [{ x: 0.5, y: 0.5 }] : [],
    }));
  const [pretraining, transfer] = [picturesOf("a", trained), picturesOf("b", tested)];
  const [seen, asked] = [pretraining, transfer].map((pictures) => pictures.map(({ window }) => window));
  return {
    hash: "abc",
    dataset: fakeWindows({ scans: 40, windowsPerScan: 10 }),
    pretraining: seen,
    transfer: asked,
    pictures: (windows: unknown) => windows === asked ? transfer : trainedHaveLabels ? pretraining : [],
  } as unknown as StudyData;
}

const study = studies.quick;

Deno.test("planStudy() counts what there is and has nothing to say where all can be done", () => {
  const { facts, notes } = planStudy({ ...study, settings: ["training.epochs=99"] }, fakeData());
  assert.deepEqual(notes, []);
  const { pretrainingWindows, pretrainingPictures, transferPictures, gazePictures } = facts;
  assert.deepEqual([pretrainingWindows, pretrainingPictures, transferPictures, gazePictures], [
    12,
    12,
    12,
    12,
  ]);
});

Deno.test("planStudy() refuses what cannot be cut into folds, or trained on, before anything is computed", () => {
  const refused = (fake: Fake, message: RegExp) =>
    assert.throws(
      () => planStudy(study, fakeData(fake)),
      (error: Error) => (error as { code?: string }).code === "input" && message.test(error.message),
    );
  refused({ tested: 2 }, /at least 3 subjects outside its training split must have labels.*received 2/);
  refused({ tested: 0 }, /received 0/);
  refused({ trained: 1 }, /training split must have at least two subjects, received 1/);
  refused({ labels: [1] }, /labels of at least two kinds, received 1/);
});

Deno.test("planStudy() leaves the supervised reference out where the training subjects have no labels", () => {
  const { facts, notes } = planStudy(study, fakeData({ trainedHaveLabels: false }));
  assert.match(notes.join("\n"), /supervised reference is left out/);
  const rows = new Set(planCells(study, facts).map(({ row }) => row));
  assert.ok(!rows.has("supervised") && rows.has("paper"));
});

Deno.test("planStudy() leaves gaze out unless every fold can train and test on it", () => {
  const kinds = (looked: Fake["looked"]) => {
    const { facts, notes } = planStudy(study, fakeData({ looked }));
    assert.equal(notes.some((note) => note.startsWith("Gaze is left out")), facts.gazePictures === 0);
    return new Set(planCells(study, facts).map(({ kind }) => kind));
  };
  assert.ok(kinds(() => true).has("gaze"));
  assert.ok(!kinds((subject) => subject === 0).has("gaze"));
});
