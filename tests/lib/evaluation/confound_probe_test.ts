import assert from "node:assert/strict";
import { type Confound, confoundProbe, type FrozenFeatures } from "../../../lib/evaluation/confound_probe.ts";
import { Random } from "../../../lib/random.ts";

const people = 24, each = 12, dimension = 8;
const subjects = Array.from({ length: people * each }, (_, i) => `p${Math.floor(i / each)}`);
const planes = ["heart", "femur", "spine"], voices = ["kal", "slt", "rms"];
const truth = new Random(5, "truth");
const personal = Array.from({ length: people }, (_, person) => ({
  voice: voices[person % 3],
  depth: truth.uniform(11, 15),
}));
const personOf = (item: number) => personal[Math.floor(item / each)];
const anatomy = subjects.map(() => truth.pick(planes));
const voice = subjects.map((_, i) => personOf(i).voice), depth = subjects.map((_, i) => personOf(i).depth);

/** An embedding that is a code of the item and noise. */
function embedding(code: (item: number) => readonly number[], noise = 0.3): FrozenFeatures {
  const random = new Random(7, "noise");
  const features = Float32Array.from({ length: subjects.length * dimension }, (_, i) => {
    const part = code(Math.floor(i / dimension))[i % dimension] ?? 0;
    return part + random.normal(0, noise);
  });
  return { features, dimension };
}

const oneHot = (names: readonly string[], name: string, size = 1) =>
  names.map((other) => other === name ? size : 0);

function probe(frozen: FrozenFeatures, changes: object = {}): Record<string, Confound> {
  const options = { embeddings: { speech: frozen }, factors: { voice, depth }, anatomy, subjects, seed: 3 };
  const found = confoundProbe({ ...options, ...changes });
  return Object.fromEntries(found.map((one) => [one.factor, one]));
}

Deno.test("confoundProbe() raises the alarm when an embedding is the voice", () => {
  const { voice: found } = probe(embedding((i) => oneHot(voices, voice[i])));
  assert.equal(found.level, "alarm");
  for (const { score, chance, interval, pValue, skill } of [found.told!.linear, found.told!.neighbours]) {
    assert.ok(score > 0.95 && skill > 0.9 && pValue === 0.001);
    assert.ok(Math.abs(chance - 1 / 3) < 0.03 && interval![0] > 0.9);
  }
  assert.ok(Math.abs(found.anatomy!.linear.skill) < 0.15);
  assert.match(found.verdict, /^the speech embedding tells the voice no worse than the anatomy/);
});

Deno.test("confoundProbe() is content with an embedding that is the plane", () => {
  const found = probe(embedding((i) => oneHot(planes, anatomy[i])));
  assert.deepEqual(Object.values(found).map(({ level }) => level), ["clear", "clear", "clear"]);
  for (const one of Object.values(found)) {
    assert.ok(one.anatomy!.linear.score > 0.95 && one.anatomy!.neighbours.score > 0.95);
  }
});

Deno.test("confoundProbe() finds nothing in noise, at one over the number of classes", () => {
  const found = probe(embedding(() => []));
  for (const { level, told, anatomy, factor } of Object.values(found)) {
    assert.equal(level, "clear");
    const expected = factor === "subject" ? 1 / people : 1 / 3;
    for (const reading of [told!.linear, told!.neighbours]) {
      assert.ok(Math.abs(reading.chance - expected) < 0.03, `${factor}: ${reading.chance}`);
      assert.ok(Math.abs(reading.score - expected) < 0.15, `${factor}: ${reading.score}`);
    }
    assert.ok(Math.abs(anatomy!.linear.skill) < 0.2);
  }
});

Deno.test("confoundProbe() names traces of a voice that says less than the plane", () => {
  const both = (i: number) => [...oneHot(planes, anatomy[i], 2), ...oneHot(voices, voice[i], 0.5)];
  const { voice: found } = probe(embedding(both, 0.4));
  assert.equal(found.level, "traces", found.verdict);
});

Deno.test("confoundProbe() keeps the subject apart from the voice that the subject has", () => {
  let alarms = 0;
  for (let seed = 0; seed < 6; seed++) {
    const codes = personal.map((_, person) => {
      const random = new Random(seed, "code", person);
      return Array.from({ length: dimension }, () => random.normal());
    });
    const found = probe(embedding((i) => codes[Math.floor(i / each)]));
    assert.equal(found.subject.level, "alarm");
    assert.equal(found.subject.protocol, "other times of the same subjects");
    assert.ok(found.subject.told!.linear.score > 0.95);
    if (found.voice.level !== "clear") alarms++;
  }
  assert.ok(alarms <= 1, `${alarms} of 6 at 5 %`);
});

Deno.test("confoundProbe() cuts a setting at the terciles of the subjects", () => {
  const { depth: found } = probe(embedding((i) => [depth[i] - 13]));
  assert.equal(found.told!.classes, 3);
  assert.equal(found.level, "alarm", found.verdict);
});

Deno.test("confoundProbe() leaves out what is unknown, and what no second subject has", () => {
  const rare = subjects.map((one, i) => one === "p0" ? "only" : i % 2 === 0 ? null : voice[i]);
  const { rare: found, none } = probe(embedding(() => []), {
    factors: { rare, none: subjects.map(() => "same") },
  });
  assert.equal(found.told!.classes, 3);
  assert.equal(found.told!.items, (people - 1) * each / 2);
  assert.equal(found.told!.subjects, people - 1);
  assert.equal(none.told, null);
  assert.equal(none.level, "clear");
});

Deno.test("confoundProbe() refuses what does not fit", () => {
  const noise = embedding(() => []);
  assert.throws(() => probe(noise, { factors: { voice: ["kal"] } }), /equally long/);
  assert.throws(() => probe({ ...noise, dimension: 7 }), /equally long/);
  assert.throws(() => probe(noise, { factors: { depth: depth.map(() => NaN) } }), /finite/);
  assert.throws(() => probe(noise, { subjects: subjects.map(() => "p") }), /two subjects/);
});
