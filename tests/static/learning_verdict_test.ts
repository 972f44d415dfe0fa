import assert from "node:assert/strict";
import type { EvaluationWire, SeriesWire, StartedWire } from "../../routes/wire/runs.ts";
import { learningVerdict, type VerdictInput } from "../../static/app/learning_verdict.ts";
import { startedEvent } from "../helpers/fake_run.ts";

const recallAt1 = "retrieval.videoToSpeech.recallAt1";
const recall = "retrieval.videoToSpeech.recallAt5";
const chance = Math.log(32);

function wire(count: number, value: (i: number) => number | null): SeriesWire {
  const steps = Array.from({ length: count }, (_, i) => i + 1);
  return { steps, values: steps.map((_, i) => value(i)), seconds: steps, gaps: [], rhythm: 1 };
}

function evaluation(step: number, value: number, more: Partial<EvaluationWire> = {}): EvaluationWire {
  return {
    folder: `validation-${step}`,
    step,
    split: "validation",
    windows: 60,
    subjects: null,
    metrics: { [recall]: value },
    chance: { [recall]: 5 / 60 },
    intervals: { [recall]: [value - 0.05, value + 0.05] },
    timeSeconds: step,
    hasMap: true,
    ...more,
  };
}

const falling = wire(200, (i) => 5 * Math.exp(-i / 100));
const atChance = wire(200, (i) => chance + 0.02 * Math.sin(i));

function input(series: Record<string, SeriesWire>, more: Partial<VerdictInput> = {}): VerdictInput {
  const empty = wire(0, () => 0);
  return {
    state: "running",
    pausedMessage: null,
    started: startedEvent() as unknown as StartedWire,
    series: (name) => Object.hasOwn(series, name) ? series[name] : empty,
    evaluations: [],
    ...more,
  };
}

const kindsOf = (given: VerdictInput) => learningVerdict(given).map(({ kind }) => kind);

Deno.test("learningVerdict() waits until there is something to tell", () => {
  assert.deepEqual(kindsOf(input({})), ["too-early"]);
  assert.deepEqual(kindsOf(input({ "loss.total": wire(19, () => 1) })), ["too-early"]);
  assert.match(learningVerdict(input({ "loss.total": wire(19, () => 1) }))[0].evidence, /^19 of at least 20/);
});

Deno.test("learningVerdict() tells learning from chance by the held-out interval, else by the training loss", () => {
  const train = { "loss.total": falling, "loss.contrastive": wire(200, (i) => chance * Math.exp(-i / 200)) };
  const [held] = learningVerdict(input(train, { evaluations: [evaluation(100, 0.5)] }));
  assert.deepEqual([held.kind, held.tone], ["learning", "good"]);
  assert.equal(held.evidence, "validation R@5 50 % (95 % interval 45 % to 55 %) at step 100, chance 8.3 %");
  assert.deepEqual(
    kindsOf(input(train, { evaluations: [evaluation(100, 0.12)] })),
    ["at-chance"],
    "interval from 7 %",
  );
  assert.deepEqual(
    kindsOf(input(train, { evaluations: [evaluation(100, 0.14)] })),
    ["learning"],
    "interval from 9 %",
  );
  const wide = evaluation(100, 0.3, { intervals: { [recall]: [0.05, 0.6] } });
  assert.deepEqual(kindsOf(input(train, { evaluations: [wide] })), ["at-chance"], "too few subjects to say");
  assert.deepEqual(kindsOf(input(train)), ["learning"]);
  assert.deepEqual(kindsOf(input({ "loss.total": atChance, "loss.contrastive": atChance })), ["at-chance"]);
  const few = evaluation(100, 1, {
    metrics: { [recall]: 1, [recallAt1]: 0.5 },
    chance: { [recall]: 5 / 6, [recallAt1]: 1 / 6 },
    intervals: { [recall]: [1, 1], [recallAt1]: [0.1, 0.8] },
  });
  const [one] = learningVerdict(input(train, { evaluations: [few] }));
  assert.equal(one.kind, "at-chance", "of six windows, five are nearly all");
  assert.match(one.evidence, /^validation R@1 50 % .* chance 17 %$/);
  const lone = evaluation(100, 0.3, { intervals: {} });
  const [unknown] = learningVerdict(input(train, { evaluations: [lone] }));
  assert.equal(unknown.kind, "at-chance", "one subject proves nothing, however far above chance");
  assert.match(unknown.evidence, /^validation R@5 30 % of one subject, .* chance 8.3 %$/);
  const of = (subjects: number) =>
    learningVerdict(input(train, { evaluations: [evaluation(100, 0.5, { subjects })] }))[0];
  assert.deepEqual([of(2).kind, of(2).tone], ["few-subjects", "neutral"]);
  assert.match(
    of(2).evidence,
    /^validation R@5 50 % \(95 % interval 45 % to 55 % over 2 subjects\) .* 6 subjects/,
  );
  assert.deepEqual([of(5).kind, of(6).kind], ["few-subjects", "learning"], "a sign test of five never tells");
  const test = [evaluation(50, 0.1), evaluation(100, 0.9, { split: "test" })];
  assert.deepEqual(kindsOf(input(train, { evaluations: test })), ["at-chance"], "test is not mixed in");
});

Deno.test("learningVerdict() sees collapse in similarities that are all one while contrast is at chance", () => {
  const collapsed = {
    "loss.total": atChance,
    "loss.contrastive": atChance,
    "similarity.positive": wire(200, () => 0.992),
    "pace.affinityDeviation": wire(3, () => 0.004),
  };
  const [finding, ...rest] = learningVerdict(input(collapsed));
  assert.deepEqual([finding.kind, rest], ["collapse", []]);
  assert.equal(
    finding.evidence,
    "similarity 0.992 with a deviation of 0.00400, contrastive loss 3.47 where chance is 3.47",
  );
  const learned = { ...collapsed, "loss.contrastive": wire(200, () => 0.3) };
  assert.deepEqual(kindsOf(input(learned)), ["learning"], "pairs may be alike when others are told apart");
  const unlike = { ...collapsed, "similarity.positive": wire(200, () => 0.4) };
  assert.deepEqual(kindsOf(input(unlike)), ["at-chance"]);
});

Deno.test("learningVerdict() sees over-fitting only where training gets better and held-out subjects stay worse", () => {
  const scores = (values: number[]) => values.map((value, i) => evaluation((i + 1) * 40, value));
  const overfit = scores([0.3, 0.5, 0.45, 0.35, 0.3]);
  const [finding] = learningVerdict(input({ "loss.total": falling }, { evaluations: overfit }));
  assert.equal(finding.kind, "over-fitting");
  assert.match(finding.evidence, /^R@5 50 % at step 80, now 30 %; training loss 2\.\d+ then, 0\.8\d+ now$/);
  const flat = { "loss.total": wire(200, () => 2) };
  assert.deepEqual(kindsOf(input(flat, { evaluations: overfit })), ["learning"]);
  for (const values of [[0.3, 0.5, 0.47, 0.46, 0.47], [0.3, 0.5, 0.5, 0.5, 0.3], [0.1, 0.2, 0.3, 0.4, 0.5]]) {
    assert.deepEqual(kindsOf(input({ "loss.total": falling }, { evaluations: scores(values) })), [
      "learning",
    ]);
  }
});

Deno.test("learningVerdict() sees waiting for data by its recent share", () => {
  const stalls = (share: number) => ({
    "loss.total": falling,
    dataStallShare: wire(200, (i) => i < 150 ? 0.9 : share),
  });
  const [finding] = learningVerdict(input(stalls(0.35)));
  assert.deepEqual([finding.kind, finding.evidence], ["data-stalls", "35 % of the time lately"]);
  assert.deepEqual(kindsOf(input(stalls(0.05))), []);
});

Deno.test("learningVerdict() sees divergence in losses that end, grow, or paused the run", () => {
  const ended = wire(100, (i) => i < 90 ? 2 : null);
  const [finding] = learningVerdict(input({ "loss.total": ended }));
  assert.deepEqual([finding.kind, finding.evidence], [
    "divergence",
    "10 losses not finite, the last ones from step 91 on",
  ]);
  const recovered = wire(200, (i) => i === 77 ? null : 5 - i / 50);
  assert.deepEqual(kindsOf(input({ "loss.total": recovered })), []);
  const growing = wire(200, (i) => 2 + i / 50);
  assert.equal(learningVerdict(input({ "loss.total": growing }))[0].kind, "divergence");
  const paused = { state: "paused", pausedMessage: "The loss was not finite." } as const;
  assert.deepEqual(kindsOf(input({}, paused)), ["divergence"]);
  assert.deepEqual(kindsOf(input({}, { ...paused, pausedMessage: "Stopped by SIGINT" })), ["too-early"]);
});
