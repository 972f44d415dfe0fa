import assert from "node:assert/strict";
import { replaceSection, slugOf } from "./readme_section.ts";

const document = "# Bench\n\n<!-- results -->\n\n# More\n";

Deno.test("replaceSection() puts a new device first and replaces a known one in its place", () => {
  const one = replaceSection(document, "gpu-a", "first");
  const two = replaceSection(one, "gpu-b", "second");
  const three = replaceSection(two, "gpu-a", "third $& $1\n");
  assert.ok(two.indexOf("second") < two.indexOf("first"));
  assert.ok(three.indexOf("second") < three.indexOf("third $& $1"), "characters must stay as they are");
  assert.ok(!three.includes("first"));
  assert.equal(three.match(/<!-- begin gpu-a -->/g)!.length, 1);
  assert.ok(three.startsWith("# Bench\n\n<!-- results -->") && three.endsWith("\n\n# More\n"));
  assert.equal(replaceSection(three, "gpu-a", "third $& $1"), three);
});

Deno.test("replaceSection() does not take one device for another whose name begins as its own", () => {
  const document2 = replaceSection(replaceSection(document, "gpu-a-2", "long"), "gpu-a", "short");
  assert.ok(document2.includes("long") && document2.includes("short"));
});

Deno.test("replaceSection() refuses documents without a place and sections without an end", () => {
  assert.throws(() => replaceSection("# Bench\n", "gpu", "x"), /<!-- results -->/);
  assert.throws(() => replaceSection("<!-- begin gpu -->", "gpu", "x"), /must follow/);
});

Deno.test("slugOf() keeps letters and digits", () => {
  assert.equal(slugOf("llvmpipe (LLVM 15.0.6, 256 bits), 2 cores"), "llvmpipe-llvm-15-0-6-256-bits-2-cores");
});
