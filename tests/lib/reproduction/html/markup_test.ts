import assert from "node:assert/strict";
import { html, shortened } from "../../../../lib/reproduction/html/markup.ts";

Deno.test("html() escapes text, keeps markup and joins lists", () => {
  const inner = html`<b>${`<i a="b" c='d'>&`}</b>`;
  assert.equal(
    String(html`<p>${[inner, null, " ", 3, false]}</p>`),
    "<p><b>&lt;i a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;</b> 3</p>",
  );
});

Deno.test("html() refuses numbers that are not finite, and promises", () => {
  for (const value of [NaN, [1, [Infinity]]]) assert.throws(() => html`${value}`, TypeError);
  assert.throws(() => html`${Promise.resolve("x")}`, TypeError);
});

Deno.test("shortened() cuts after the limit and counts characters, not code units", () => {
  assert.equal(shortened("affinity", 8), "affinity");
  assert.equal(shortened("affinity!", 8), "affinit…");
  assert.equal(shortened("🫀🫀🫀", 3), "🫀🫀🫀");
});
