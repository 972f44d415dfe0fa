import assert from "node:assert/strict";
import {
  background,
  easyPlaneNames,
  planeNamed,
  planeNames,
  standardPlaneNames,
} from "../../../lib/phantom/anatomy.ts";
import { difficulties } from "../../../lib/phantom/difficulty.ts";
import { planSegments } from "../../../lib/phantom/itinerary.ts";
import { draftNarration, placeNarration, smallTalk } from "../../../lib/phantom/narration.ts";
import { Random } from "../../../lib/random.ts";

const seconds = 1200;
const segments = planSegments(new Random(6), seconds, easyPlaneNames);
const speakers = ["slt", "kal"].map((voice) => ({ voice, tempo: 1, pitch: 1 }));
const calm = { searches: false, guestShare: 0 };

function narrate(relatedShare: number, lagSeconds: [number, number]) {
  const style = { ...calm, relatedShare, lagSeconds, wordings: 20 };
  const drafts = draftNarration(new Random(6, "narration"), segments, speakers, style);
  return placeNarration(drafts, ({ text }) => 0.07 * text.length, seconds, style);
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
    draftNarration(new Random(1), sweeps, speakers, {
      ...calm,
      relatedShare: 1,
      lagSeconds: [0, 0],
      wordings: 20,
    }),
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
  const style = { ...calm, relatedShare: 1, lagSeconds: [0, 0] as [number, number], wordings: 2 };
  const texts = Map.groupBy(draftNarration(new Random(6), segments, speakers, style), ({ plane }) => plane!);
  assert.equal(texts.size, easyPlaneNames.length);
  for (const [plane, drafts] of texts) {
    const used = new Set(drafts.map(({ text }) => text));
    assert.deepEqual([...used].sort(), planeNamed(plane).wordings.slice(0, 2).toSorted());
  }
});

Deno.test("draftNarration() keeps the related share where searches are talked in, whoever speaks", () => {
  const style = { ...difficulties.standard, guestShare: 0.3 };
  const long = planSegments(new Random(9), 9000, standardPlaneNames, difficulties.standard);
  const drafts = draftNarration(new Random(9), long, speakers, style);
  const shareOf = (part: typeof drafts) => part.filter(({ plane }) => plane !== null).length / part.length;
  assert.ok(Math.abs(shareOf(drafts) - 0.4) < 0.03, `related ${shareOf(drafts)}`);
  const guest = drafts.filter(({ speaker }) => speaker.voice === speakers[1].voice);
  assert.ok(Math.abs(guest.length / drafts.length - 0.3) < 0.03, `guest ${guest.length / drafts.length}`);
  assert.ok(Math.abs(shareOf(guest) - 0.4) < 0.05, `related of the guest's ${shareOf(guest)}`);
});
