import assert from "node:assert/strict";
import { checkDeno, formatReport } from "../../../lib/commands/doctor_checks.ts";

Deno.test("checkDeno() compares versions as numbers", () => {
  assert.equal(checkDeno("2.9.6").status, "ok");
  assert.equal(checkDeno("2.10.0").status, "ok");
  assert.equal(checkDeno("3.0.0").status, "ok");
  const old = checkDeno("2.9.5");
  assert.equal(old.status, "problem");
  assert.match(old.remedy!, /2\.9\.6/);
});

Deno.test("formatReport() is one line a check, with the remedy where something is wrong", () => {
  const report = formatReport([
    { name: "deno", status: "ok", found: "2.9.6" },
    { name: "ffmpeg", status: "problem", found: "missing", remedy: "install it" },
  ]);
  assert.equal(report, "deno    ok       2.9.6\nffmpeg  problem  missing; install it\n");
});
