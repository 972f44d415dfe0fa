import assert from "node:assert/strict";
import type { RunDetail, SeriesAnswer } from "../../routes/wire/runs.ts";
import { addressOf, api, getJson, getLines, send } from "../../static/app/client.ts";

Deno.test("addressOf() puts every name into an address as one part of it, from the page's own address", () => {
  const hostile = "a/../b?c=d#e %2F:window ü";
  const written = "a%2F..%2Fb%3Fc%3Dd%23e%20%252F%3Awindow%20%C3%BC";
  assert.equal(encodeURIComponent(hostile), written);
  assert.equal(addressOf(api.runs[":run"], { param: { run: hostile } }), `api/runs/${written}`);
  const frame = api.datasets[":dataset"].windows[":window"]["frame.png"];
  assert.equal(
    addressOf(frame, { param: { dataset: hostile, window: 0 }, query: { index: 0 } }),
    `api/datasets/${written}/windows/0/frame.png?index=0`,
  );
  assert.equal(
    addressOf(api.runs[":run"]["series.csv"], { param: { run: "r" }, query: { name: ["a&b", "__proto__"] } }),
    "api/runs/r/series.csv?name=a%26b&name=__proto__",
  );
  assert.equal(
    addressOf(api.runs[":run"].find.embedding, { param: { run: "r" }, query: { dataset: undefined } }),
    "api/runs/r/find/embedding",
  );
  assert.equal(addressOf(api.control, {}), "api/control");
});

/** Never called: the type checker reads it. */
export async function _refusedByTheTypeChecker(signal: AbortSignal): Promise<void> {
  const run = api.runs[":run"];
  const detail: RunDetail = await getJson(run, { param: { run: "r" } }, signal);
  // @ts-expect-error: it answers something else
  const series: SeriesAnswer = await getJson(run, { param: { run: detail.name } });
  // @ts-expect-error: no such parameter
  await getJson(run.series, { param: { runs: series.cursor } });
  // @ts-expect-error: no such query
  await getJson(run.series, { param: { run: "r" }, query: { form: 3 } });
  // @ts-expect-error: a parameter is missing
  await getJson(run.series, {});
  // @ts-expect-error: a query is missing
  await getJson(api.control.settings, {});
  // @ts-expect-error: no such route
  await getJson(run.serie, { param: { run: "r" } });
  // @ts-expect-error: it answers lines
  await getJson(run.evaluations[":evaluation"].map.places, { param: { run: "r", evaluation: "e" } });
  // @ts-expect-error: it answers JSON
  for await (const _ of getLines(run, { param: { run: "r" } }));
  // @ts-expect-error: nothing is changed there
  await send(run.series.$post, { param: { run: "r" } });
  // @ts-expect-error: no such mark
  await send(run.marks[":window"].$put, { param: { run: "r", window: 3 }, json: { mark: "maybe" } });
  // @ts-expect-error: it must be confirmed
  await send(api.control.stop.$post, { json: { run: "r" } });
}
