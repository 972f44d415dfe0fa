import assert from "node:assert/strict";
import { scalarLeaks } from "../../../lib/evaluation/scalar_leak.ts";
import { SubjectDeals } from "../../../lib/evaluation/subject_deals.ts";
import { Random } from "../../../lib/random.ts";

const planes = ["heart", "femur", "spine", "brain"];

/** Items of 20 subjects, 15 each, with labels that depend on nothing. */
function items(seed: number) {
  const random = new Random(seed, "items");
  const subjects = Array.from({ length: 300 }, (_, i) => `p${Math.floor(i / 15)}`);
  return { random, subjects, labels: subjects.map(() => random.pick(planes)) };
}

Deno.test("scalarLeaks() find numbers that rise, fall or bend with the label, names, and what is missing", () => {
  const { random, subjects, labels } = items(1);
  const place = labels.map((label) => planes.indexOf(label));
  const leaks = scalarLeaks({
    facts: {
      rises: place.map((k) => k + random.normal(0, 1)),
      bends: place.map((k) => (k - 1.5) ** 2 + random.normal(0, 1)),
      name: place.map((k) => random.uniform() < 0.3 ? `scanner ${k}` : "scanner 9"),
      missing: place.map((k) => k === 2 && random.uniform() < 0.5 ? null : random.uniform()),
      noise: place.map(() => random.uniform()),
      constant: place.map(() => 5),
    },
    labels,
    subjects,
    seed: 1,
    deals: 499,
  });
  assert.deepEqual(leaks.map(({ fact, isLeak }) => [fact, isLeak]), [
    ["rises", true],
    ["bends", true],
    ["name", true],
    ["missing", true],
    ["noise", false],
    ["constant", false],
  ]);
  for (const { score, interval, chance, limit, isLeak, fact, verdict } of leaks) {
    assert.ok(Math.abs(chance - 1 / 4) < 0.03, `${fact}: chance ${chance}`);
    assert.equal(isLeak, score > limit + 0.01);
    assert.ok(interval![0] <= score && score <= interval![1]);
    assert.match(verdict, isLeak ? /alone tells the label/ : /tells nothing/);
  }
});

Deno.test("scalarLeaks() score a fact that is the label as 1, at a chance of one over the number of labels", () => {
  const { subjects, labels } = items(2);
  const [{ score, chance }] = scalarLeaks({ facts: { label: labels }, labels, subjects, seed: 1, deals: 99 });
  assert.equal(score, 1);
  assert.ok(Math.abs(chance - 1 / 4) < 0.02);
});

Deno.test("scalarLeaks() cry wolf no more often than they say, even where subjects differ in labels and numbers", () => {
  let alarms = 0;
  const trials = 60;
  for (let trial = 0; trial < trials; trial++) {
    const { random, subjects } = items(100 + trial);
    // Long stretches of one label, and numbers that drift slowly around a mean of the subject's own.
    const favourite = new Map([...new Set(subjects)].map((one) => [one, random.integer(4)]));
    const gain = new Map([...favourite.keys()].map((one) => [one, random.normal(0, 2)]));
    let drift = 0;
    const labels = subjects.map((one, i) => planes[(favourite.get(one)! + Math.floor((i % 15) / 8)) % 4]);
    const value = subjects.map((one) => gain.get(one)! + (drift = 0.8 * drift + random.normal(0, 0.3)));
    const [leak] = scalarLeaks({ facts: { value }, labels, subjects, seed: trial, deals: 99 });
    if (leak.isLeak) alarms++;
  }
  // Binomial with 60 trials at 5 %: 8 or more has a probability below 1 %.
  assert.ok(alarms <= 7, `${alarms} of ${trials}`);
});

Deno.test("scalarLeaks() refuse what does not fit", () => {
  const { subjects, labels } = items(3);
  const probe = (changes: object) =>
    scalarLeaks({ facts: { one: labels.map(() => 1) }, labels, subjects, seed: 1, deals: 9, ...changes });
  assert.throws(() => probe({ facts: { one: [1] } }), /equally long/);
  assert.throws(() => probe({ facts: { one: labels.map(() => NaN) } }), /probe for leaks in one.*finite/);
  assert.throws(() => probe({ labels: labels.map(() => "heart") }), /two labels/);
  assert.throws(() => probe({ subjects: subjects.map(() => "p") }), /two subjects/);
});

Deno.test("SubjectDeals.deal() gives each subject a run of another's labels, in their order", () => {
  const subjects = [..."aaaabbbbcccc"];
  const deals = new SubjectDeals(subjects);
  const givers = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const source = deals.deal(new Random(seed));
    for (const start of [0, 4, 8]) {
      const run = [...source.subarray(start, start + 4)];
      const base = Math.floor(run[0] / 4) * 4;
      run.forEach((row, i) => assert.equal(row, base + (run[0] - base + i) % 4));
      givers.add(`${start}<${base}`);
    }
    assert.deepEqual([...source].sort((x, y) => x - y), subjects.map((_, i) => i));
  }
  assert.equal(givers.size, 9);
});
