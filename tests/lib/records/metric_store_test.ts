import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { SonospeechError } from "../../../lib/errors.ts";
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
    const { steps, values } = store.series("a");
    assert.deepEqual({ steps, values }, { steps: [0, 1, 2, 3], values: [0.5, null, null, -1] });
    assert.deepEqual(store.series("a", { fromStep: 1, toStep: 2 }).steps, [1, 2]);
    assert.deepEqual(store.series("a", { throughId: 3 }).steps, [0, 1, 2]);
    const empty = { steps: [], values: [], seconds: [], gaps: [], rhythm: 0 };
    assert.deepEqual(store.series("unknown"), empty);
    assert.deepEqual(store.metricSummary("a"), {
      count: 4,
      missing: 2,
      last: [3, -1],
      min: [3, -1],
      max: [0, 0.5],
    });
    assert.deepEqual(store.metricSummary("unknown"), {
      count: 0,
      missing: 0,
      last: null,
      min: null,
      max: null,
    });
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

Deno.test("MetricStore names the event that is no JSON object", () =>
  withPath((path) => {
    using store = MetricStore.create(path);
    for (const step of [1, 2]) store.append({ kind: "step", step, epoch: 0, metrics: {} });
    store.flush();
    for (const body of ['{"kind":', "null", "7"]) {
      using database = new DatabaseSync(path);
      database.prepare("UPDATE event SET body = ? WHERE id = 2").run(body);
      assert.throws(() => store.lastEvent("step"), {
        code: "store",
        message: /JSON object, received "event 2"/,
      });
      assert.equal(store.eventsAfter(0, 1)[0].step, 1);
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

Deno.test("MetricStore.series() keeps ends, extremes, means and missing values within maxPoints", () =>
  withPath((path) => {
    const value = fc.oneof(
      { weight: 9, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }) },
      fc.constant(NaN),
    );
    using store = MetricStore.create(path);
    let serial = 0;
    fc.assert(
      fc.property(fc.array(value, { maxLength: 300 }), fc.integer({ min: 5, max: 60 }), (values, max) => {
        const name = `m${serial++}`;
        values.forEach((value, i) => store.append({ kind: "step", step: 2 * i, metrics: { [name]: value } }));
        store.flush();
        const thin = store.series(name, { maxPoints: max });
        const stored = values.map((value) => Number.isFinite(value) ? value : null);
        assert.ok(thin.steps.length <= max);
        assert.ok(thin.steps.every((step, i) => stored[step / 2] === thin.values[i]));
        assert.ok(thin.steps.every((step, i) => i === 0 || step > thin.steps[i - 1]));
        assert.deepEqual([thin.steps[0], thin.steps.at(-1)], [
          values.length > 0 ? 0 : undefined,
          values.length > 0 ? 2 * (values.length - 1) : undefined,
        ]);
        // + 0 makes one of −0 and 0, of which either is the lowest.
        const extremes = (list: (number | null)[]) => {
          const numbers = list.filter((v) => v !== null);
          return [Math.min(...numbers) + 0, Math.max(...numbers) + 0];
        };
        assert.deepEqual(extremes(thin.values), extremes(stored));
        assert.equal(thin.values.includes(null), stored.includes(null));
        assert.deepEqual(thin.gaps, [], "nothing is missing");
        assert.equal(thin.means !== undefined, values.length > max);
        thin.means?.forEach((mean, i) => {
          const kept = thin.values[i];
          if (mean !== null && kept !== null) assert.ok(Math.abs(mean) <= 1e6 + 1e-9);
          if (kept !== null) assert.notEqual(mean, null, "a stretch with a number has a mean");
        });
      }),
      { numRuns: 60 },
    );
    assert.throws(() => store.series("m0", { maxPoints: 4 }), RangeError);
  }));

Deno.test("MetricStore.series() tells where nothing was measured, whole and thinned, and when", () =>
  withPath((path) => {
    let now = 1000;
    using store = MetricStore.create(path, { now: () => now++ });
    const isMissing = (step: number) => (step > 200 && step <= 700) || step === 1500;
    for (let step = 10; step <= 3000; step += 10) {
      store.append({ kind: "step", step, metrics: isMissing(step) ? {} : { a: step } });
    }
    store.flush();
    const whole = store.series("a");
    assert.equal(whole.rhythm, 10);
    assert.deepEqual(whole.gaps.map((i) => [whole.steps[i - 1], whole.steps[i]]), [[200, 710], [1490, 1510]]);
    assert.deepEqual([whole.seconds[0], whole.seconds.at(-1)], [1000, 1299]);
    const thin = store.series("a", { maxPoints: 32 });
    assert.ok(thin.steps.length <= 32);
    const [from, to] = [thin.steps[thin.gaps[0] - 1], thin.steps[thin.gaps[0]]];
    assert.ok(from <= 200 && to >= 710 && from > 0, "the long gap is seen in the thinned series");
    thin.steps.forEach((step, i) => assert.equal(thin.seconds[i], 1000 + step / 10 - 1));
    const stretches = Map.groupBy(thin.steps.keys(), (i) => thin.means![i]!);
    for (const [mean, places] of stretches) {
      const ends = places.map((i) => thin.values[i]!);
      assert.ok(
        Math.abs(mean - (Math.min(...ends) + Math.max(...ends)) / 2) < 1e-9 || mean > 1490 && mean < 1620,
      );
    }
  }));
