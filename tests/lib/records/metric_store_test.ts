import assert from "node:assert/strict";
import fc from "fast-check";
import { SonospeechError } from "../../../lib/errors.ts";
import { downsample } from "../../../lib/records/downsample.ts";
import { MetricStore } from "../../../lib/records/metric_store.ts";

async function withPath(test: (path: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/metrics.sqlite`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const isStoreError = (error: unknown) => error instanceof SonospeechError && error.code === "store";

Deno.test("MetricStore gives back events in order with growing ids, and a cursor sees each once", () =>
  withPath((path) => {
    using store = MetricStore.create(path, { now: () => 12.5 });
    const ids = [1, 2, 3].map((step) => store.append({ kind: "step", step, epoch: 0, metrics: { a: step } }));
    store.flush();
    assert.deepEqual(ids, [1, 2, 3]);
    const first = store.eventsAfter(0, 2);
    const rest = store.eventsAfter(first[1].id, 10);
    assert.deepEqual([...first, ...rest].map((e) => e.step), [1, 2, 3]);
    assert.deepEqual(rest[0], {
      id: 3,
      timeSeconds: 12.5,
      kind: "step",
      step: 3,
      event: { kind: "step", step: 3, epoch: 0, metrics: { a: 3 } },
    });
    assert.deepEqual(store.eventsAfter(3, 10), []);
  }));

Deno.test("MetricStore.series() keeps NaN and infinities as null", () =>
  withPath((path) => {
    using store = MetricStore.create(path);
    [0.5, NaN, Infinity, -1].forEach((a, step) => void store.append({ kind: "step", step, metrics: { a } }));
    store.flush();
    assert.deepEqual(store.series("a"), { steps: [0, 1, 2, 3], values: [0.5, null, null, -1] });
    assert.deepEqual(store.series("a", { afterStep: 1 }).steps, [2, 3]);
    assert.deepEqual(store.series("unknown"), { steps: [], values: [] });
    assert.deepEqual(store.metricNames(), ["a"]);
  }));

Deno.test("MetricStore is read by another connection while it is written", () =>
  withPath((path) => {
    using writer = MetricStore.create(path);
    using reader = MetricStore.open(path, { readOnly: true });
    writer.append({ kind: "started", step: 0 });
    assert.equal(reader.lastEvent(), undefined);
    writer.flush();
    assert.equal(reader.lastEvent()?.kind, "started");
    assert.throws(() => reader.append({ kind: "step", step: 1 }), isStoreError);
    assert.throws(() => reader.truncateAfter(0), isStoreError);
  }));

Deno.test("MetricStore.snapshot() does not see what is written meanwhile", () =>
  withPath((path) => {
    using writer = MetricStore.create(path);
    using reader = MetricStore.open(path, { readOnly: true });
    const write = (step: number) => {
      writer.append({ kind: "step", step, metrics: { a: step } });
      writer.flush();
    };
    write(1);
    const seen = reader.snapshot(() => {
      const cursor = reader.lastId();
      write(2);
      return { cursor, steps: reader.series("a").steps };
    });
    assert.deepEqual(seen, { cursor: 1, steps: [1] });
    assert.deepEqual(reader.series("a").steps, [1, 2]);
  }));

Deno.test("MetricStore writes queued events after 250 ms without a flush", () =>
  withPath(async (path) => {
    using writer = MetricStore.create(path);
    using reader = MetricStore.open(path, { readOnly: true });
    writer.append({ kind: "step", step: 1 });
    assert.equal(reader.eventsAfter(0).length, 0);
    for (let i = 0; i < 40 && reader.eventsAfter(0).length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(reader.eventsAfter(0).length, 1);
  }));

Deno.test("MetricStore.truncateAfter() forgets later steps and never uses an id again", () =>
  withPath((path) => {
    {
      using store = MetricStore.create(path);
      for (let step = 1; step <= 5; step++) {
        store.append({ kind: "step", step, metrics: { a: step, b: step } });
      }
      store.append({ kind: "evaluation", step: 5, metrics: { late: 1 } });
    }
    using store = MetricStore.open(path);
    store.truncateAfter(3);
    assert.deepEqual(store.series("a").steps, [1, 2, 3]);
    assert.deepEqual(store.metricNames(), ["a", "b"]);
    assert.equal(store.lastEvent("evaluation"), undefined);
    assert.equal(store.lastId(), 6);
    assert.equal(store.append({ kind: "step", step: 4, metrics: { a: 40 } }), 7);
    store.flush();
    assert.deepEqual(store.eventsAfter(6).map((e) => e.id), [7]);
    assert.deepEqual(store.series("a").values, [1, 2, 3, 40]);
    assert.deepEqual(store.eventsOfKind("step").map((e) => e.step), [1, 2, 3, 4]);
  }));

Deno.test("MetricStore refuses a missing file, a second creation, another file and a bad step", () =>
  withPath((path) => {
    assert.throws(() => MetricStore.open(path), isStoreError);
    MetricStore.create(path).close();
    assert.throws(() => MetricStore.create(path), isStoreError);
    Deno.writeTextFileSync(`${path}.txt`, "not a database, just text that is long enough");
    assert.throws(() => MetricStore.open(`${path}.txt`), isStoreError);
    using store = MetricStore.open(path);
    for (const step of [-1, 0.5, NaN]) {
      assert.throws(() => store.append({ kind: "step", step }), isStoreError);
    }
  }));

Deno.test("MetricStore errors keep the path out of the public message", () =>
  withPath((path) => {
    assert.throws(() => MetricStore.open(path), (error) => {
      assert.ok(error instanceof SonospeechError);
      assert.ok(error.message.includes(path) && !error.publicMessage.includes(path));
      return true;
    });
  }));

Deno.test("downsample() keeps ends, extremes and missing values within maxPoints", () => {
  const value = fc.oneof({ weight: 9, arbitrary: fc.double({ noNaN: true }) }, fc.constant(null));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 400 }), fc.integer({ min: 5, max: 60 }), (values, max) => {
      const series = { steps: values.map((_, i) => i * 2), values };
      const thin = downsample(series, max);
      assert.ok(thin.steps.length <= max);
      assert.ok(thin.steps.every((step, i) => values[step / 2] === thin.values[i]));
      assert.ok(thin.steps.every((step, i) => i === 0 || step > thin.steps[i - 1]));
      assert.deepEqual([thin.steps[0], thin.steps.at(-1)], [series.steps[0], series.steps.at(-1)]);
      const numbers = (list: (number | null)[]) => list.filter((v) => v !== null);
      const extremes = (list: number[]) => [Math.min(...list), Math.max(...list)];
      assert.deepEqual(extremes(numbers(thin.values)), extremes(numbers(values)));
      assert.equal(thin.values.includes(null), values.includes(null));
    }),
  );
  assert.throws(() => downsample({ steps: [], values: [] }, 4), RangeError);
});
