import assert from "node:assert/strict";
import { changesOf } from "../../../lib/packaging/release.ts";

const changelog =
  "# Changelog\n\n## Unreleased\n\n- new\n\n## 0.1.0\n\n- first\n\n### Numbers\n\nnone\n\n## 0.0.1\n\n- old\n";

Deno.test("changesOf() gives a version's section to its end", () => {
  assert.equal(changesOf("0.1.0", changelog), "## 0.1.0\n\n- first\n\n### Numbers\n\nnone\n");
});

Deno.test("changesOf() gives what is not released yet where the version has no section, and refuses neither", () => {
  assert.equal(changesOf("0.2.0", changelog), "## Unreleased\n\n- new\n");
  assert.throws(() => changesOf("0.2.0", "# Changelog\n"), /must have a section "## 0\.2\.0"/);
});
