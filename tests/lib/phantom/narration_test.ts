import assert from "node:assert/strict";
import { background, planeNamed, planeNames } from "../../../lib/phantom/anatomy.ts";
import { planSegments } from "../../../lib/phantom/itinerary.ts";
import { draftNarration, placeNarration, smallTalk } from "../../../lib/phantom/narration.ts";
import { Random } from "../../../lib/random.ts";

const seconds = 1200;
const segments = planSegments(new Random(6), seconds, planeNames);

function narrate(relatedShare: number, lagSeconds: [number, number]) {
  const style = { relatedShare, lagSeconds, wordings: 20 };
  const drafts = draftNarration(new Random(6, "narration"), segments, style);
  return placeNarration(drafts, (text) => 0.07 * text.length, seconds, "slt", style);
}

Deno.test("placeNarration() names the plane that is seen at the moment the utterance is about", () => {
  const utterances = narrate(0.7, [-1, 2]);
  const share = utterances.filter(({ isRelated }) => isRelated).length / utterances.length;
  assert.ok(Math.abs(share - 0.7) < 0.08, `related share ${share}`);
  for (const { text, plane, isRelated, startSeconds, lagSeconds } of utterances) {
    if (!isRelated) {
      assert.deepEqual([plane, lagSeconds, smallTalk.includes(text)], [null, null, true]);
      continue;
    }
    assert.ok(planeNamed(plane!).wordings.includes(text), `${plane}: ${text}`);
    const about = startSeconds - lagSeconds!;
    const seen = segments.find((segment) => about >= segment.startSeconds && about < segment.endSeconds)!;
    assert.equal(seen.plane, plane);
    assert.ok(lagSeconds! >= -1 && lagSeconds! <= 2, `lag ${lagSeconds}`);
  }
});

Deno.test("placeNarration() never talks over itself nor past the end, and leaves silence", () => {
  const utterances = narrate(0.8, [-1, 1.5]);
  utterances.forEach(({ startSeconds, endSeconds }, i) => {
    assert.ok(startSeconds >= (utterances[i - 1]?.endSeconds ?? 0) && endSeconds <= seconds);
  });
  const spoken = utterances.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  assert.ok(spoken / seconds > 0.3 && spoken / seconds < 0.85, `speech share ${spoken / seconds}`);
});

Deno.test("draftNarration() keeps to its extremes: all related, none related, and silent sweeps", () => {
  assert.ok(narrate(1, [0, 0]).every(({ isRelated }) => isRelated));
  assert.ok(narrate(0, [0, 0]).every(({ isRelated }) => !isRelated));
  const sweeps = segments.filter(({ plane }) => plane === background);
  assert.deepEqual(
    draftNarration(new Random(1), sweeps, { relatedShare: 1, lagSeconds: [0, 0], wordings: 20 }),
    [],
  );
});

Deno.test("smallTalk names no plane and speaks in plain words", () => {
  for (const text of smallTalk) {
    assert.match(text, /^[a-z]+( [a-z]+)+$/);
    for (const name of planeNames) assert.ok(!text.includes(name), text);
  }
});

Deno.test("draftNarration() keeps to as many wordings of a plane as it is given", () => {
  const style = { relatedShare: 1, lagSeconds: [0, 0] as [number, number], wordings: 2 };
  const texts = Map.groupBy(draftNarration(new Random(6), segments, style), ({ plane }) => plane!);
  assert.equal(texts.size, planeNames.length);
  for (const [plane, drafts] of texts) {
    const used = new Set(drafts.map(({ text }) => text));
    assert.deepEqual([...used].sort(), planeNamed(plane).wordings.slice(0, 2).toSorted());
  }
});
