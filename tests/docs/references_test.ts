import assert from "node:assert/strict";
import { rangeText } from "./config_reference.ts";
import { firstParagraph } from "./deno_tools.ts";
import { references } from "./write_references.ts";

for (const [name, make] of Object.entries(references)) {
  Deno.test(`${name} is what the sources say; "deno task docs" writes it anew`, async () => {
    const written = await Deno.readTextFile(new URL(`../../${name}`, import.meta.url));
    assert.equal(written, await make());
  });
}

Deno.test("rangeText() says in words what a schema allows, and refuses what it does not know", () => {
  const pipe = [{ type: "number" }, { type: "integer" }, { type: "min_value", requirement: 1 }];
  assert.equal(rangeText({ type: "number", pipe }), "whole number ≥ 1");
  assert.equal(rangeText({ type: "number" }), "number");
  assert.equal(rangeText({ type: "picklist", options: ["a", "b"] }), '`"a"`, `"b"`');
  assert.equal(
    rangeText({ type: "strict_tuple", items: [{ type: "number" }, { type: "number" }] }),
    "2 × (number)",
  );
  assert.throws(() => rangeText({ type: "date" }), /date/);
});

Deno.test("firstParagraph() takes one paragraph, on one line and without links", () => {
  assert.equal(firstParagraph("One {@linkcode two}\nthree.\n\nFour."), "One `two` three.");
});
