import assert from "node:assert/strict";
import fc from "fast-check";
import { assignSplits, splitRecord } from "../../../lib/data/split.ts";
import { SonospeechError } from "../../../lib/errors.ts";

const shares = { validationShare: 0.15, testShare: 0.2 };
const requestsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ subject: `p${i}` }));

function countsOf(assigned: Map<string, string>): Record<string, number> {
  const counts: Record<string, number> = { train: 0, validation: 0, test: 0 };
  for (const split of assigned.values()) counts[split]++;
  return counts;
}

Deno.test("assignSplits() keeps one subject for each split as soon as there are three", () => {
  assert.deepEqual(countsOf(assignSplits(requestsOf(1), shares, 1)), { train: 1, validation: 0, test: 0 });
  assert.deepEqual(countsOf(assignSplits(requestsOf(2), shares, 1)), { train: 1, validation: 0, test: 1 });
  assert.deepEqual(countsOf(assignSplits(requestsOf(3), shares, 1)), { train: 1, validation: 1, test: 1 });
  assert.deepEqual(countsOf(assignSplits(requestsOf(20), shares, 1)), { train: 13, validation: 3, test: 4 });
  const none = { validationShare: 0, testShare: 0 };
  assert.deepEqual(countsOf(assignSplits(requestsOf(5), none, 1)), { train: 5, validation: 0, test: 0 });
});

Deno.test("assignSplits() depends on the seed, not on order or repetition", () => {
  const subjects = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(subjects, fc.nat(), (names, seed) => {
    const requests = names.map((subject) => ({ subject }));
    const assigned = assignSplits(requests, shares, seed);
    const again = assignSplits([...requests, ...requests].reverse(), shares, seed);
    assert.deepEqual([...again].sort(), [...assigned].sort());
    assert.equal(assigned.size, names.length);
  }));
  const different = new Set(
    Array.from({ length: 10 }, (_, seed) => JSON.stringify([...assignSplits(requestsOf(12), shares, seed)])),
  );
  assert.ok(different.size > 5);
});

Deno.test("assignSplits() honours requested splits and fills up around them", () => {
  const requests = requestsOf(10).map((request, i) => ({
    ...request,
    split: i < 4 ? "test" as const : null,
  }));
  const assigned = assignSplits(requests, shares, 3);
  assert.deepEqual(requests.slice(0, 4).map(({ subject }) => assigned.get(subject)), Array(4).fill("test"));
  assert.deepEqual(countsOf(assigned), { train: 4, validation: 2, test: 4 });
});

Deno.test("assignSplits() leaves the last free subject to train", () => {
  const assigned = assignSplits([{ subject: "a", split: "test" }, { subject: "b" }, { subject: "c" }], {
    validationShare: 0.5,
    testShare: 0.5,
  }, 1);
  assert.equal(countsOf(assigned).train, 1);
});

Deno.test("assignSplits() refuses one subject in two splits", () => {
  const requests = [{ subject: "p", split: "train" as const }, { subject: "p", split: "test" as const }];
  assert.throws(
    () => assignSplits(requests, shares, 1),
    (error) =>
      error instanceof SonospeechError && error.code === "input" && !error.publicMessage.includes('"p"'),
  );
});

Deno.test("splitRecord() hashes the sorted subjects of each split", () => {
  const assigned = new Map([["b", "train"], ["a", "train"], ["c", "test"]] as const);
  const certificate = splitRecord(assigned, shares, 1);
  assert.deepEqual(certificate.splits.train.subjects, ["a", "b"]);
  // printf '["a","b"]' | sha256sum
  const known = "0473ef2dc0d324ab659d3580c1134e9d812035905c4781fdd6d529b0c6860e13";
  assert.equal(certificate.splits.train.sha256, known);
  assert.deepEqual(certificate.splits.validation.subjects, []);
});
