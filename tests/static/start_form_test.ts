import assert from "node:assert/strict";
import { linesOf, problemsAt, startFormOf, startRequestOf } from "../../static/app/start_form.ts";

Deno.test("startRequestOf() sends what was filled in and leaves the rest to the preset", () => {
  const form = startFormOf(
    new URLSearchParams(
      "run= new &dataset=fetal&preset=small&training.epochs= 3&more= a.b=1 %0A%0Ac.d=2&gates=skip",
    ),
  );
  assert.deepEqual(startRequestOf(form), {
    run: "new",
    dataset: "fetal",
    preset: "small",
    device: "auto",
    settings: ["training.epochs=3", "a.b=1", "c.d=2"],
    skipGates: true,
  });
  assert.deepEqual(startRequestOf(startFormOf(new URLSearchParams())).settings, []);
  assert.deepEqual(linesOf(" \n\n"), []);
});

Deno.test("problemsAt() puts a problem at the field of its setting, and others at the lines", () => {
  const problems = [
    { field: "run", setting: null, message: "taken" },
    { field: "settings", setting: "training.epochs=0", message: "too few" },
    { field: "settings", setting: "training.epochsX=0", message: "unknown" },
    { field: "settings", setting: null, message: "not together" },
  ] as const;
  assert.deepEqual(problemsAt(problems, "run"), ["taken"]);
  assert.deepEqual(problemsAt(problems, "training.epochs"), ["too few"]);
  assert.deepEqual(problemsAt(problems, "settings"), ["training.epochsX=0: unknown", "not together"]);
  assert.deepEqual(problemsAt(problems, "dataset"), []);
});
