import assert from "node:assert/strict";
import { bestByChance } from "../../static/app/best_by_chance.ts";
import {
  fileQuestion,
  modalityOf,
  placeOf,
  placeQuery,
  questionOf,
  sentType,
} from "../../static/app/find_question.ts";

const query = (text: string) => new URLSearchParams(text);

Deno.test("questionOf() reads words and windows from an address, and nothing from what is neither", () => {
  assert.deepEqual(questionOf(query("q=+four+chamber+")), { by: "text", text: "four chamber" });
  assert.deepEqual(questionOf(query("window=100003&of=speech")), {
    by: "window",
    windowId: 100_003,
    modality: "speech",
  });
  assert.deepEqual(questionOf(query("window=3&of=x")), { by: "window", windowId: 3, modality: "video" });
  for (const text of ["", "q=+", "window=-1", "window=1e3", "window=__proto__", "window=../1"]) {
    assert.equal(questionOf(query(text)), null, text);
  }
});

Deno.test("placeOf() looks for the other modality unless the address says otherwise", () => {
  const among = (text: string) => placeOf(query(text), questionOf(query(text))).among;
  assert.equal(among("q=femur"), "video");
  assert.equal(among("window=3"), "speech");
  assert.equal(among("window=3&of=speech"), "video");
  assert.equal(among("q=femur&among=speech"), "speech");
  assert.equal(among("q=femur&among=smell"), "video");
  assert.equal(among(""), "video");
  const place = placeOf(query("q=a&split=test&dataset=0a1b"), { by: "text", text: "a" });
  assert.deepEqual(placeQuery(place), { dataset: "0a1b", among: "video", split: "test" });
});

Deno.test("fileQuestion() hears sounds, sees pictures, and does with videos as it is told", () => {
  const asked = (name: string, type: string, videoAs: "speech" | "video" = "speech") => {
    const question = fileQuestion(new File(["x"], name, { type }), videoAs);
    return [question.by, sentType(question), modalityOf(question)];
  };
  assert.deepEqual(asked("a.wav", "audio/wav"), ["sound", "audio/wav", "speech"]);
  assert.deepEqual(asked("a.opus", ""), ["sound", "audio/unknown", "speech"]);
  assert.deepEqual(asked("a.png", "image/png"), ["picture", "image/png", "video"]);
  assert.deepEqual(asked("a.mp4", "video/mp4"), ["sound", "video/mp4", "speech"]);
  assert.deepEqual(asked("a.mp4", "video/mp4", "video"), ["picture", "video/mp4", "video"]);
  assert.deepEqual(asked("a.dcm", ""), ["picture", "image/unknown", "video"]);
  assert.deepEqual(asked("a.dcm", "application/dicom"), ["picture", "image/unknown", "video"]);
});

Deno.test("bestByChance() is the expected greatest of normal numbers", () => {
  // Harter, Expected values of normal order statistics, Biometrika 48, 1961.
  for (const [count, expected] of [[2, 0.5642], [10, 1.5388], [100, 2.5076], [400, 2.968]]) {
    assert.ok(Math.abs(bestByChance(count) - expected) < 0.04, `${count}: ${bestByChance(count)}`);
  }
  assert.deepEqual([bestByChance(0), bestByChance(1)], [0, 0]);
});
