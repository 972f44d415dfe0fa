import assert from "node:assert/strict";
import { SonospeechError } from "../../../lib/errors.ts";
import {
  detectPlanes,
  type PlaneDetection,
  type PlaneDetectionOptions,
} from "../../../lib/evaluation/plane_detection.ts";
import { Random } from "../../../lib/random.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { fakeClasses, fakePictures } from "../../helpers/fake_pictures.ts";
import { finish, inWasm, runParameters, shortSettings, smallModel } from "../../helpers/fine_tuning.ts";

const fake = fakePictures(180);
const shared = {
  ...fake,
  model: smallModel,
  settings: shortSettings,
  classes: fakeClasses,
  background: "background",
};
const brief = { ...shortSettings, epochs: 1 };

const detect = (executor: Executor, options: Partial<PlaneDetectionOptions> = {}): Promise<PlaneDetection> =>
  finish(detectPlanes({ executor, ...shared, ...options }));

Deno.test("detectPlanes() learns planes of unseen subjects, and nothing from shuffled labels", () =>
  inWasm(async (executor) => {
    const { report, probabilities } = await detect(executor);
    assert.equal(report.macro.classes, 4);
    assert.equal(report.macroWithoutBackground!.classes, 3);
    assert.ok(report.balancedAccuracy > 0.6, `balanced accuracy ${report.balancedAccuracy}`);
    assert.equal(probabilities.length, fake.test.length * 4);
    assert.ok(Math.abs(probabilities.subarray(0, 4).reduce((a, b) => a + b) - 1) < 1e-5);

    const shuffled = new Random(3, "shuffle").shuffle(fake.labels);
    const control = await detect(executor, { labels: shuffled });
    // Chance is 1/4; over 60 test pictures its standard deviation is about 0.056.
    assert.ok(control.report.balancedAccuracy < 0.45, `control ${control.report.balancedAccuracy}`);
  }));

Deno.test("detectPlanes() gives the same parameters for the same seed, and others from a run's parameters", () =>
  inWasm(async (executor) => {
    const values = async (options: Partial<PlaneDetectionOptions>) =>
      (await detect(executor, { settings: brief, ...options })).parameters.get("planes.weight")!.data;
    const first = await values({});
    assert.deepEqual(await values({}), first);
    assert.notDeepEqual(await values({ start: runParameters(9) }), first);
  }));

Deno.test("detectPlanes() with a frozen encoder trains the head and leaves every value of the encoder", () =>
  inWasm(async (executor) => {
    const start = runParameters(9);
    const settings = { ...brief, encoder: "frozen" as const };
    const { parameters } = await detect(executor, { start, settings });
    const bias = parameters.get("planes.bias")!.data;
    assert.ok(bias.some((value) => value !== 0));
    for (const [name, { data }] of start) {
      if (name.startsWith("video.")) assert.deepEqual(parameters.get(name)!.data, data, name);
    }
    const tuned = await detect(executor, { start, settings: brief });
    const changed = [...start.keys()].filter((name) => name.startsWith("video."));
    for (const name of changed) {
      assert.notDeepEqual(tuned.parameters.get(name)!.data, start.get(name)!.data, name);
    }
  }));

Deno.test("detectPlanes() tells where each parameter came from, then counts steps", () =>
  inWasm(async (executor) => {
    const start = runParameters(9);
    start.set("video.stage1.0.norm1.gamma", { shape: [3], data: new Float32Array(3) });
    start.delete("video.stage2.0.conv1.weight");
    const [started, ...rest] = await Array.fromAsync(
      detectPlanes({ executor, ...shared, start, settings: brief }),
    );
    assert.ok(started.kind === "started");
    const outcomeOf = (wanted: string) => started.outcomes.find(({ name }) => name === wanted);
    assert.deepEqual(outcomeOf("video.stage1.0.norm1.gamma"), {
      name: "video.stage1.0.norm1.gamma",
      outcome: "otherShape",
      shape: [8],
      given: [3],
    });
    assert.equal(outcomeOf("video.stage2.0.conv1.weight")!.outcome, "absent");
    assert.equal(outcomeOf("video.stage1.0.conv1.weight")!.outcome, "loaded");
    assert.equal(outcomeOf("planes.weight")!.outcome, "absent");
    const steps = rest.filter((event) => event.kind === "step");
    assert.equal(steps.length, started.totalSteps);
    assert.equal(started.totalSteps, Math.ceil(fake.train.length / brief.batchSize));
    for (const event of steps) assert.ok(Number.isFinite(event.loss) && Number.isFinite(event.gradientNorm));
  }));

Deno.test("detectPlanes() stops with the signal's reason and leaves nothing on the device", () =>
  inWasm(async (executor) => {
    const controller = new AbortController();
    await assert.rejects(async () => {
      for await (const event of detectPlanes({ executor, ...shared, signal: controller.signal })) {
        if (event.kind === "step" && event.step === 2) controller.abort(new Error("enough"));
      }
    }, /enough/);
  }));

Deno.test("detectPlanes() refuses a subject in both parts, a start that does not fit, a wrong label", () =>
  inWasm(async (executor) => {
    const refuses = (options: Partial<PlaneDetectionOptions>, message: RegExp) =>
      assert.rejects(
        () => detect(executor, { settings: brief, ...options }),
        (error) => error instanceof SonospeechError && error.code === "input" && message.test(error.message),
      );
    await refuses({ test: [...fake.test, 0] }, /no subject may be trained and tested on/);
    await refuses({ start: new Map([["speech.x", { shape: [1], data: new Float32Array(1) }]]) }, /must fit/);
    await refuses({ labels: fake.labels.map((label) => label + 1) }, /every label must be/);
    await refuses({ train: [] }, /pictures to train on/);
  }));

Deno.test("detectPlanes() weighs rare classes up", () =>
  inWasm(async (executor) => {
    // Nineteen of twenty pictures are of one class and say nothing: without weights nothing else is answered.
    const labels = fake.labels.map((_, i) => i % 20 === 0 ? 1 : 0);
    const blank = { ...fake.pictures, read: () => new Uint8Array(256).fill(100) };
    const rareShare = async (classWeights: "balanced" | "none") => {
      const { probabilities } = await detect(executor, { labels, pictures: blank, classWeights });
      return probabilities[1];
    };
    const [balanced, plain] = [await rareShare("balanced"), await rareShare("none")];
    assert.ok(plain < 0.2, `without weights ${plain}`);
    assert.ok(balanced > plain + 0.15, `balanced ${balanced}, without ${plain}`);
  }));
