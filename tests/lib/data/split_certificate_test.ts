import assert from "node:assert/strict";
import { certifySplit } from "../../../lib/data/split_certificate.ts";
import { subjectDigest } from "../../../lib/data/split.ts";
import { type RecordedScan, recordedScans } from "../../helpers/recorded_scans.ts";

const others: RecordedScan[] = [
  { split: "train" },
  { split: "train" },
  { split: "validation" },
  { split: "test" },
  { split: "test" },
];

/** What is refused when one more scan is in the test split. */
async function refusal(scan: Omit<RecordedScan, "split">): Promise<string> {
  const certified = certifySplit(recordedScans([...others, { split: "test", ...scan }]));
  return await certified.then(() => "", ({ message }) => message);
}

Deno.test("certifySplit() says who is where and what was compared, the same each time", async () => {
  const { certificate } = await certifySplit(recordedScans(others));
  assert.equal(certificate.datasetId, "recorded");
  assert.deepEqual(certificate.splits.train, {
    subjects: ["p0", "p1"].map(subjectDigest).sort(),
    scans: 2,
    windows: 16,
  });
  assert.equal(certificate.splits.validation.scans, 1);
  assert.equal(certificate.windowsCompared, 40);
  assert.equal(certificate.nearDuplicates, 0);
  const again = await certifySplit(recordedScans(others));
  assert.equal(JSON.stringify(again.certificate), JSON.stringify(certificate));
});

Deno.test("certifySplit() reports its progress to the end", async () => {
  const seen: string[] = [];
  await certifySplit(recordedScans(others), { onProgress: (done, total) => seen.push(`${done}/${total}`) });
  assert.equal(seen.at(-1), "10/10");
  assert.ok(seen.length >= 6);
});

Deno.test("certifySplit() finds copied pictures: brighter, of other contrast, noisy, shifted in time", async () => {
  const isFound =
    /pictures of s0001 \(train\) at .* s in s0006 \(test\) at .* s, correlation (0\.[789]|1\.00)/;
  assert.match(await refusal({ pictures: 1 }), isFound);
  assert.match(await refusal({ pictures: 1, grey: (value) => 1.3 * value + 20 }), isFound);
  assert.match(await refusal({ pictures: 1, grey: (value) => 255 * (value / 255) ** 0.7 }), isFound);
  assert.match(await refusal({ pictures: 1, noise: 8 }), isFound);
  assert.match(await refusal({ pictures: 1, startSeconds: 3.75 }), isFound);
  assert.match(await refusal({ pictures: 3 }), /pictures of s0003 \(validation\)/);
});

Deno.test("certifySplit() finds copied speech: louder, with other noise, shifted by any time", async () => {
  const isFound = /Cannot certify the split: .* but there are speech of s0002 \(train\)/;
  assert.match(await refusal({ speech: 2 }), isFound);
  assert.match(await refusal({ speech: 2, power: (value) => value + 2 }), isFound);
  assert.match(await refusal({ speech: 2, noise: 5 }), isFound);
  assert.match(await refusal({ speech: 2, startSeconds: 2.13 }), isFound);
});

Deno.test("certifySplit() is not alarmed by what stands still: frozen, black, silent, or drawn into all pictures", async () => {
  const frozen = { isFrozen: true, pictures: 1, power: () => -20 };
  const alike = (scan: Omit<RecordedScan, "split">): RecordedScan[] =>
    others.map(({ split }) => ({ split, ...scan }));
  await certifySplit(recordedScans(alike(frozen)));
  await certifySplit(recordedScans(alike({ ...frozen, noise: 1 })));
  await certifySplit(recordedScans(alike({ grey: () => 0, noise: 1, power: () => -20 })));
  await certifySplit(recordedScans(alike({ ...frozen, hasMachine: true })));
  await certifySplit(recordedScans(alike({ ...frozen, power: (_, band) => 4 * Math.sin(band), noise: 1 })));
  const mark = (value: number, x: number, y: number) => (x + y) % 9 < 3 ? 250 : value;
  await certifySplit(recordedScans(alike({ grey: mark })));
});

Deno.test("certifySplit() allows copies within a split and refuses a subject in two", async () => {
  await certifySplit(recordedScans([...others, { split: "train", pictures: 1, speech: 1 }]));
  const shared: RecordedScan[] = [...others, { split: "test", subject: "p0" }];
  await assert.rejects(certifySplit(recordedScans(shared)), {
    code: "input",
    message: /no subject may be in two splits, received "1 that is, scans s0001 s0006"/,
  });
});

Deno.test("certifySplit() names no subject and says what helps", async () => {
  const certified = certifySplit(recordedScans([...others, { split: "test", subject: "anna", speech: 1 }]));
  await assert.rejects(certified, (error: Error & { hint: string }) => {
    assert.doesNotMatch(error.message, /anna|p0/);
    assert.match(error.hint, /column split/);
    return true;
  });
});
