import assert from "node:assert/strict";
import type { PaceEpochWire } from "../../routes/wire/pace.ts";
import { affinityWords, measuresAffinity, paceSettings } from "../../static/app/pace_words.ts";

const epochs = (known: number[]) =>
  known.map((count, epoch) => ({ epoch, step: 20 * epoch, known: count }) as PaceEpochWire);
const learned = { kind: "learned", warmupEpochs: 2, stepsPerEpoch: 20 };

Deno.test("affinityWords() says at which epoch and step affinity is first known, and from when on it decides", () => {
  const before = affinityWords({ ...learned, epochs: epochs([0]) });
  assert.match(before, /it is first known when epoch 1 \(step 20\) begins/);
  assert.match(before, /Voice alone decides before epoch 2 \(step 40\)/);
  assert.match(affinityWords({ ...learned, epochs: [] }), /first known when epoch 1 \(step 20\) begins/);
  const after = affinityWords({ ...learned, epochs: epochs([0, 0, 7, 9]) });
  assert.match(after, /it was first known when epoch 2 \(step 40\) began/);
  assert.match(affinityWords({ ...learned, stepsPerEpoch: null, epochs: [] }), /when epoch 1 begins/);
  assert.match(
    affinityWords({ ...learned, warmupEpochs: 0, epochs: [] }),
    /decides before epoch 1 \(step 20\)/,
  );
});

Deno.test("measuresAffinity() of a learned pace, also before it knows any, and of whatever has some", () => {
  assert.ok(measuresAffinity({ kind: "learned", epochs: epochs([0]) }));
  assert.ok(measuresAffinity({ kind: undefined, epochs: epochs([0, 3]) }));
  assert.ok(!measuresAffinity({ kind: "voice", epochs: epochs([0]) }));
});

Deno.test("affinityWords() says why affinity is never known, and reads broken settings as unknown ones", () => {
  const of = (kind: unknown) =>
    affinityWords({ kind, warmupEpochs: 2, stepsPerEpoch: 20, epochs: epochs([0]) });
  assert.match(of("voice"), /voice alone decides.*affinity is not measured/);
  assert.match(of("none"), /^Every window counts/);
  const unknown = { ...paceSettings({ pacing: null }), stepsPerEpoch: 20 };
  assert.doesNotMatch(affinityWords({ ...unknown, epochs: epochs([0, 5]) }), /Voice alone/);
  assert.match(affinityWords({ ...unknown, epochs: epochs([0, 5]) }), /epoch 1 \(step 20\) began/);
  assert.deepEqual(paceSettings(undefined), { kind: undefined, warmupEpochs: undefined });
  const config = { pacing: { kind: "learned", learned: { warmupEpochs: 3 } } };
  assert.deepEqual(paceSettings(config), { kind: "learned", warmupEpochs: 3 });
});
