import assert from "node:assert/strict";
import { SonospeechError } from "../../../lib/errors.ts";
import {
  predictSaliency,
  type SaliencyPrediction,
  type SaliencyPredictionOptions,
} from "../../../lib/evaluation/saliency_prediction.ts";
import { Random } from "../../../lib/random.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { fakePictures } from "../../helpers/fake_pictures.ts";
import { finish, inWasm, runParameters, shortSettings, smallModel } from "../../helpers/fine_tuning.ts";

const fake = fakePictures(180, { forms: 3 });
const shared = {
  ...fake,
  model: { ...smallModel, frameSize: [32, 32] as const },
  settings: { ...shortSettings, epochs: 16 },
  sigmaCells: 0.8,
  mapSize: [7, 9] as const,
};

const predict = (executor: Executor, options: Partial<SaliencyPredictionOptions> = {}) =>
  finish<SaliencyPrediction>(predictSaliency({ executor, ...shared, ...options }));

Deno.test("predictSaliency() finds where unseen subjects' pictures are looked at, and nothing in strange gaze", () =>
  inWasm(async (executor) => {
    const { network, centreBias, uniform, maps } = await predict(executor);
    assert.ok(Math.abs(uniform.mean.aucJudd - 0.5) < 1e-12 && uniform.mean.nss === 0);
    const text = JSON.stringify({ network: network.mean, centreBias: centreBias.mean });
    assert.ok(network.mean.klDivergence < 0.75 * centreBias.mean.klDivergence, text);
    assert.ok(network.mean.nss > 1.5 * centreBias.mean.nss, text);
    assert.equal(network.perPicture.length, fake.test.length);
    assert.ok(maps.every(({ values }) => Math.abs(values.reduce((a, b) => a + b) - 1) < 1e-5));

    const gaze = new Random(3, "shuffle").shuffle(fake.gaze);
    const control = await predict(executor, { gaze });
    const gain = control.centreBias.mean.klDivergence - control.network.mean.klDivergence;
    assert.ok(gain < 0.05, `the control gains ${gain}`);
  }));

Deno.test("predictSaliency() starts at the centre bias and, from a run's parameters, ends elsewhere", () =>
  inWasm(async (executor) => {
    const still = { ...shared.settings, epochs: 1, learningRate: 0 };
    const first = await predict(executor, { settings: still });
    const prior = first.parameters.get("saliency.prior")!.data.map(Math.exp);
    assert.ok(Math.abs(prior.reduce((a, b) => a + b) - 1) < 1e-5);
    const settings = { ...shared.settings, epochs: 1 };
    const drawn = await predict(executor, { settings });
    const started = await predict(executor, { settings, start: runParameters(9) });
    assert.notDeepEqual(started.maps[0].values, drawn.maps[0].values);
  }));

Deno.test("predictSaliency() refuses gaze that is nowhere inside a picture", () =>
  inWasm(async (executor) => {
    const gaze = fake.gaze.map((points, i) => i === fake.test[0] ? [{ x: 2, y: 0.5 }] : points);
    await assert.rejects(
      () => predict(executor, { gaze }),
      (error) => error instanceof SonospeechError && /gaze point inside/.test(error.message),
    );
  }));
