import assert from "node:assert/strict";
import { finding, findingsOf, notTried, outcomeOf } from "../../../lib/selftest/security_check.ts";
import { renderSelftest, verdictOf } from "../../../lib/selftest/selftest_html.ts";
import { reportOf } from "../../helpers/fake_selftest.ts";

Deno.test("outcomeOf() fails with any finding, and passes only with one", () => {
  assert.equal(outcomeOf({ findings: [finding("a", 1, 1), finding("b", 1, 2)] }), "failed");
  assert.equal(outcomeOf({ findings: [finding("a", 1, 1), notTried("b", "c", "d")] }), "passed");
  assert.equal(outcomeOf({ findings: [notTried("b", "c", "d")] }), "not made");
  assert.equal(outcomeOf({ findings: [] }), "not made");
});

Deno.test("findingsOf() makes a finding of what was thrown", async () => {
  const [found] = await findingsOf("a", "b", () => Promise.reject(new Error("no disk")));
  assert.deepEqual(found, { what: "a", must: "b", found: "no disk", holds: false });
});

Deno.test("renderSelftest() runs and loads nothing and escapes what it is given", () => {
  const nasty = `<script>alert("1")</script>`;
  const page = renderSelftest(reportOf(finding(nasty, nasty, nasty)));
  assert.doesNotMatch(page, /<script|https?:\/\/|url\(|@import|<link|<img/i);
  assert.match(page, /&lt;script&gt;alert/);
  assert.match(page, /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/);
});

Deno.test("verdictOf() names what failed and counts what could not be tried", () => {
  assert.match(verdictOf(reportOf(finding("a", 1, 1))), /^Nothing failed: 1 of 1 findings/);
  const mixed = verdictOf(reportOf(finding("a", 1, 2), finding("b", 1, 1), notTried("c", "d", "e")));
  assert.match(mixed, /^Failed: Nothing leaves\. 1 of 3 .* 1 could not be tried/);
});
