import assert from "node:assert/strict";
import type { FrozenResult, FrozenRetrieval } from "../../../lib/reproduction/frozen.ts";
import { gazeMeasurements, rowMeasurements } from "../../../lib/reproduction/row_measurements.ts";
import type { LabelledPicture, StudyData } from "../../../lib/reproduction/study_data.ts";
import type { GazeResult } from "../../../lib/reproduction/transfer.ts";

const pictures = Array.from({ length: 4 }, (_, i) => ({
  window: { id: i, subject: `p${i >> 1}` },
  frame: i,
  label: i % 2,
  gaze: [],
})) as unknown as LabelledPicture[];
const data = {
  classes: ["femur", "background"],
  background: "background",
  transfer: pictures.map(({ window }) => window),
  pictures: () => pictures,
} as unknown as StudyData;

function frozen(windows: number[]): FrozenResult {
  const none = { ranks: [], dealt: [] };
  const retrieval: FrozenRetrieval = {
    windows,
    instance: { videoToSpeech: windows.map(() => 1), speechToVideo: windows.map(() => 1) },
    concept: { videoToSpeech: none, speechToVideo: none },
    similarity: windows.map(() => 0.5),
  };
  const predicted = pictures.map(({ label }) => label);
  return { probe: predicted, neighbours: predicted, labelEfficiency: [], retrieval, confounds: [] };
}

Deno.test("rowMeasurements() has no retrieval where nobody speaks, and none by plane where none can be asked for", () => {
  const keys = (windows: number[]) =>
    rowMeasurements({ frozen: [frozen(windows)], planes: [], gaze: [] }, data)
      .map(({ key }) => key).filter((key) => key.startsWith("retrieval."));
  assert.deepEqual(keys([]), []);
  const spoken = keys([0, 1, 2]);
  assert.ok(spoken.includes("retrieval.instanceRecallAt10SpeechToVideo"));
  assert.ok(!spoken.some((key) => key.startsWith("retrieval.concept")));
});

Deno.test("gazeMeasurements() takes a score that was not finite for none, not for 0", () => {
  const scores = (klDivergence: number) => ({
    ...{ klDivergence, nss: 1, aucJudd: 0.5, aucBorji: 0.5, correlation: 0, similarity: 0 },
  });
  const fold: GazeResult = {
    pictures: [0, 1],
    scores: { network: [scores(2), scores(NaN)], centreBias: [], uniform: [] },
    examples: [],
  };
  const read = JSON.parse(JSON.stringify(fold)) as GazeResult;
  const [divergence] = gazeMeasurements([[read]], pictures);
  assert.equal(divergence.key, "gaze.klDivergence");
  assert.ok(Number.isNaN(divergence.statistic(divergence.outcomes[0], Int32Array.of(0, 1))));
});
