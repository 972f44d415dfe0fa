import assert from "node:assert/strict";
import { parseHash, withQuery } from "../../static/app/route.ts";

Deno.test("parseHash() reads pages, views and filters, and takes broken addresses for the list of runs", () => {
  assert.deepEqual(plain("#/run/a%20b/windows/3004?split=test"), [
    "run",
    "a b",
    "windows",
    "3004",
    "split=test",
  ]);
  assert.deepEqual(plain("#/run/r1"), ["run", "r1", "training", "", ""]);
  assert.deepEqual(plain("#/compare?runs=a&runs=b"), ["compare", "", "training", "", "runs=a&runs=b"]);
  assert.deepEqual(plain("#/results/a%20b?row=paper"), ["results", "", "training", "a b", "row=paper"]);
  assert.deepEqual(plain("#/results"), ["results", "", "training", "", ""]);
  assert.deepEqual(plain("#/run/__proto__/constructor"), ["run", "__proto__", "training", "", ""]);
  assert.deepEqual(plain("#/run/%E0%A4%A"), ["run", "%E0%A4%A", "training", "", ""]);
  for (const hash of ["", "#", "#/", "#/nothing/else", "#/run/"]) assert.equal(parseHash(hash).page, "runs");
});

Deno.test("withQuery() changes filters, removes empty ones and keeps the rest", () => {
  assert.equal(withQuery("#/run/r1?x=wall&from=1", { from: "", to: "2" }), "#/run/r1?x=wall&to=2");
  assert.equal(withQuery("#/compare?runs=a", { runs: ["b", "c d"] }), "#/compare?runs=b&runs=c+d");
  assert.equal(withQuery("", { q: "&=?#" }), "#/?q=%26%3D%3F%23");
  assert.equal(parseHash(withQuery("", { q: "&=?#" })).query.get("q"), "&=?#");
  assert.equal(withQuery("#/?q=a", { q: "" }), "#/");
});

function plain(hash: string): string[] {
  const { page, run, view, rest, query } = parseHash(hash);
  return [page, run, view, rest, query.toString()];
}
