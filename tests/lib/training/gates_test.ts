import assert from "node:assert/strict";
import { resolveRunConfig, type RunConfig } from "../../../lib/config.ts";
import type { WindowSource } from "../../../lib/data/inputs.ts";
import { createExecutor } from "../../../lib/tensor/device.ts";
import type { Executor } from "../../../lib/tensor/executor.ts";
import { affordableGates, runGates } from "../../../lib/training/gates.ts";
import { judge, overfitOneBatch } from "../../../lib/training/overfit_gate.ts";
import { judgeScores, trainOnShuffledPairs } from "../../../lib/training/shuffled_gate.ts";
import { fakeWindows } from "../../helpers/fake_windows.ts";

function smallConfig(epochs: number, losses: object = {}): RunConfig {
  return resolveRunConfig({
    file: {
      losses,
      data: { batchSize: 16, speechSeconds: 1, neighbourSeconds: 4 },
      model: { frameSize: [16, 16], speechSize: [16, 10], widthMultiplier: 0.5 },
      optimizer: { learningRate: 3e-3 },
      training: { epochs },
    },
  });
}

async function inWasm(test: (executor: Executor, folder: string) => Promise<void>): Promise<void> {
  const executor = await createExecutor("wasm");
  const folder = await Deno.makeTempDir();
  try {
    await test(executor, folder);
  } finally {
    await executor.dispose();
    await Deno.remove(folder, { recursive: true });
  }
}

const contrastAlone = { correlationWeight: 0, orderWeight: 0 };

const moving = fakeWindows({ hasMotion: true });

/** The same windows with nothing to see and nothing to hear. */
const blank: WindowSource = {
  ...moving,
  readFrames: (scanId, start, count) => moving.readFrames(scanId, start, count).fill(90),
  readLogSpectrogram: (scanId, start, count) => moving.readLogSpectrogram(scanId, start, count).fill(-5),
};

Deno.test("overfitOneBatch() learns one batch by heart, every loss that is on", () =>
  inWasm(async (executor) => {
    const finding = await overfitOneBatch({ config: smallConfig(1), dataset: moving, executor });
    assert.ok(finding.passed, finding.message);
    assert.deepEqual(Object.keys(finding.metrics), ["loss.correlation", "loss.contrastive", "loss.order"]);
    for (const [name, value] of Object.entries(finding.metrics)) {
      assert.ok(value <= 0.1 * finding.chance[name]);
    }
    assert.match(finding.message, /learned by heart in \d+ steps: L_cls falls to 0\.0\d, chance is 0\.69;/);
    const order = await overfitOneBatch({
      config: smallConfig(1, { correlationWeight: 0, contrastiveWeight: 0 }),
      dataset: moving,
      executor,
    });
    assert.deepEqual(Object.keys(order.metrics), ["loss.order"]);
  }));

Deno.test("overfitOneBatch() says plainly that blank windows teach nothing, and what to look at", () =>
  inWasm(async (executor) => {
    const finding = await overfitOneBatch({ config: smallConfig(1), dataset: blank, executor });
    assert.equal(finding.passed, false);
    assert.match(
      finding.message,
      /^not learning: after 150 steps on one batch L_cls stays at 0\.69, chance is 0\.69;/,
    );
    const chance = finding.chance["loss.contrastive"].toFixed(2);
    assert.ok(finding.message.includes(`L_cont stays at ${chance}, chance is ${chance}`), finding.message);
    assert.match(finding.message, /For L_cont look at whether pictures and speech are blank or all alike/);
  }));

Deno.test("judge() takes a missing or broken loss for one that is too high", () => {
  const chance = { "loss.contrastive": 2, "loss.order": 2.5 };
  assert.equal(judge({ "loss.contrastive": 0.2, "loss.order": 0.25 }, chance, 9).passed, true);
  assert.equal(judge({ "loss.contrastive": 0.21, "loss.order": 0.1 }, chance, 9).passed, false);
  assert.match(
    judge({ "loss.contrastive": NaN }, chance, 9).message,
    /L_cont stays at NaN.*L_ord stays at NaN/,
  );
});

Deno.test("judgeScores() needs both directions to lie wholly above chance", () => {
  const scores = (video: [number, number], speech: [number, number]) => {
    const names = ["retrieval.videoToSpeech.recallAt5", "retrieval.speechToVideo.recallAt5"];
    const of = <T>(a: T, b: T) => ({ [names[0]]: a, [names[1]]: b });
    return { metrics: of(0.2, 0.2), chance: of(0.1, 0.1), intervals: of(video, speech) };
  };
  assert.equal(judgeScores(scores([0.11, 0.3], [0.12, 0.3])).passed, false);
  assert.equal(judgeScores(scores([0.11, 0.3], [0.09, 0.3])).passed, true);
  assert.equal(judgeScores(scores([0.1, 0.3], [0.12, 0.3])).passed, true);
});

Deno.test("judgeScores() condemns nobody by one subject, and says that it proves nothing", () => {
  const names = ["retrieval.videoToSpeech.recallAt5", "retrieval.speechToVideo.recallAt5"];
  const of = (value: number) => Object.fromEntries(names.map((name) => [name, value]));
  const { passed, message } = judgeScores({ metrics: of(0.6), chance: of(0.5), intervals: {} });
  assert.equal(passed, true);
  assert.match(message, /one subject held out.*proves nothing.*R@5 60\.0 %, chance 50\.0 %/);
});

Deno.test("trainOnShuffledPairs() passes nobody whose training diverges", () =>
  inWasm(async (executor) => {
    const diverging: Executor = {
      device: executor.device,
      tensorCount: () => executor.tensorCount(),
      dispose: () => executor.dispose(),
      compileInference: (outputs, parameters) => executor.compileInference(outputs, parameters),
      compileTraining: async (graph, parameters) => {
        const program = await executor.compileTraining(graph, parameters);
        return {
          memory: program.memory,
          step: (feeds, settings) => program.step(feeds, { ...settings, learningRate: Infinity }),
          readState: () => program.readState(),
          writeState: (state) => program.writeState(state),
          dispose: () => program.dispose(),
        };
      },
    };
    const evaluate = () => assert.fail("there is nothing to score");
    const options = { config: smallConfig(1), dataset: moving, executor: diverging, evaluate };
    await assert.rejects(trainOnShuffledPairs(options), /make step 2 on shuffled pairs: .* must be finite/);
  }));

Deno.test("affordableGates() asks for a fiftieth of the training at most", () => {
  // 150 steps of 8 windows cost 1,200; 150 steps of 16 twice as much.
  assert.deepEqual(affordableGates(smallConfig(100), 1200), ["overfit", "shuffled"]);
  assert.deepEqual(affordableGates(smallConfig(100), 1199), ["overfit"]);
  assert.deepEqual(affordableGates(smallConfig(100), 600), ["overfit"]);
  assert.deepEqual(affordableGates(smallConfig(100), 599), []);
});

Deno.test("runGates() records what it found, refuses to go on after a failure, and repeats only what failed", () =>
  inWasm(async (executor, folder) => {
    const config = smallConfig(10_000, contrastAlone);
    const options = { config, executor, folder };
    await assert.rejects(Array.fromAsync(runGates({ ...options, dataset: blank })), {
      code: "input",
      message: /the gate "overfit" must be passed \(not learning: /,
    });
    const recorded = () => JSON.parse(Deno.readTextFileSync(`${folder}/gate.json`)).gates;
    assert.equal(recorded()[0].outcome, "failed");
    const [event] = await Array.fromAsync(runGates({ ...options, dataset: moving }));
    assert.deepEqual([event.kind, event.step, event.gate, event.outcome], ["gate", 0, "overfit", "passed"]);
    assert.deepEqual(recorded(), [event]);
    assert.ok(event.metrics["gate.overfit.loss.contrastive"] < event.chance["gate.overfit.loss.contrastive"]);
    assert.deepEqual(await Array.fromAsync(runGates({ ...options, dataset: blank })), []);
  }));

Deno.test("runGates() records that gates were skipped, and leaves short runs alone", () =>
  inWasm(async (executor, folder) => {
    const long = { config: smallConfig(10_000, contrastAlone), dataset: blank, executor, folder };
    const [event] = await Array.fromAsync(runGates({ ...long, skip: true }));
    assert.equal(event.outcome, "skipped");
    assert.deepEqual(JSON.parse(await Deno.readTextFile(`${folder}/gate.json`)).gates, [event]);
    assert.deepEqual(await Array.fromAsync(runGates({ ...long, skip: true })), []);
    await assert.rejects(Array.fromAsync(runGates(long)), /must be passed/);
    await Deno.writeTextFile(`${folder}/gate.json`, '{"gates": [{');
    await assert.rejects(Array.fromAsync(runGates(long)), /must be passed/, "a broken record proves nothing");
    assert.deepEqual(await Array.fromAsync(runGates({ ...long, config: smallConfig(1) })), []);
  }));
