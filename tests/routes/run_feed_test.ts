import assert from "node:assert/strict";
import { MetricStore } from "../../lib/records/metric_store.ts";
import { createApp } from "../../routes/app.ts";
import { defaultFeedTimes, RunFeed } from "../../routes/run_feed.ts";
import type { StoredEventWire } from "../../routes/wire/runs.ts";
import { fakeDataset, makeFakeRun, startedEvent, stepEvent } from "../helpers/fake_run.ts";

const times = { ...defaultFeedTimes, poll: 10, heartbeat: 50 };

interface Message {
  id: number | null;
  event: string;
  data: string;
}

/** Reads messages from a stream of server-sent events, comments included as event `comment`. */
async function* messagesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
  ) {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) {
      const message: Message = { id: null, event: block.startsWith(":") ? "comment" : "message", data: "" };
      for (const line of block.split("\n")) {
        const [field, ...value] = line.split(": ");
        if (field === "id") message.id = Number(value.join(": "));
        if (field === "event") message.event = value.join(": ");
        if (field === "data") message.data = value.join(": ");
      }
      yield message;
    }
  }
}

/** The first messages up to and with the one that `last` accepts; the stream is cancelled then. */
async function readUntil(
  stream: ReadableStream<Uint8Array>,
  last: (m: Message) => boolean,
): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of messagesOf(stream)) {
    messages.push(message);
    if (last(message)) return messages;
  }
  return messages;
}

async function withRun(test: (run: { folder: string; root: string }) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await test({ root, folder: makeFakeRun(root, { steps: 30, hasPace: false }).folder });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const stepsOf = (messages: Message[]) =>
  messages.filter((m) => m.event === "run").map((m) => (JSON.parse(m.data) as StoredEventWire).event.step);

Deno.test("RunFeed.watch() replays after the cursor and goes on live; a reconnect loses and repeats nothing", () =>
  withRun(async ({ folder }) => {
    using writer = MetricStore.open(`${folder}/metrics.sqlite`);
    const feed = new RunFeed(folder, times);
    const first = await readUntil(await feed.watch(10), (m) => m.id === 20);
    assert.equal(first[0].event, "state");
    assert.deepEqual(stepsOf(first), [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    assert.equal(feed.viewerCount, 0);

    const live = readUntil(await feed.watch(20), (m) => m.id === 36);
    for (let step = 31; step <= 35; step++) {
      writer.append(stepEvent(step));
      writer.flush();
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    assert.deepEqual(stepsOf(await live), Array.from({ length: 16 }, (_, i) => 20 + i));
    feed.close();
  }));

Deno.test("RunFeed.watch() gives every viewer the same events and outlasts truncation", () =>
  withRun(async ({ folder }) => {
    using writer = MetricStore.open(`${folder}/metrics.sqlite`);
    const feed = new RunFeed(folder, times);
    const cursors = [0, 31, 25];
    const streams = await Promise.all(cursors.map((cursor) => feed.watch(cursor)));
    const reading = streams.map((stream) => readUntil(stream, (m) => m.id === 33));
    writer.truncateAfter(28);
    writer.append(startedEvent(28));
    writer.append(stepEvent(29));
    writer.flush();
    const ids = (await Promise.all(reading)).map((all) =>
      all.filter((m) => m.event === "run").map((m) => m.id!)
    );
    cursors.forEach((cursor, i) => {
      assert.ok(ids[i].every((id, k) => id > (ids[i][k - 1] ?? cursor)), "ids only grow");
      assert.deepEqual(ids[i].slice(-2), [32, 33]);
    });
    assert.equal(feed.viewerCount, 0);
  }));

Deno.test("RunFeed.watch() tells the state, heartbeats, and a cursor of a replaced run to start over", () =>
  withRun(async ({ folder }) => {
    using writer = MetricStore.open(`${folder}/metrics.sqlite`);
    const feed = new RunFeed(folder, times);
    const quiet = await readUntil(await feed.watch(31), (m) => m.event === "comment");
    assert.deepEqual(quiet.map((m) => m.event), ["state", "comment"]);
    assert.deepEqual(JSON.parse(quiet[0].data), { state: "running" });

    const ending = readUntil(await feed.watch(31), (m) => m.event === "state" && m.data.includes("finished"));
    writer.append({ kind: "finished", step: 30, epoch: 2 });
    writer.flush();
    assert.equal((await ending).at(-1)?.event, "state");

    const ahead = await readUntil(await feed.watch(99_999), () => false);
    assert.deepEqual(ahead.map((m) => m.event), ["state", "reset"]);
    assert.equal(feed.viewerCount, 0);
  }));

Deno.test("RunFeed outlasts a store that is none, and tells its viewers when one is there again", () =>
  withRun(async ({ folder }) => {
    const path = `${folder}/metrics.sqlite`;
    await Deno.copyFile(path, `${path}.sound`);
    const feed = new RunFeed(folder, times);
    const stream = await feed.watch(0, AbortSignal.timeout(10_000));
    const watching = readUntil(stream, (m) => m.event === "reset");
    for (const junk of ["junk", "more junk"]) {
      await Deno.writeTextFile(`${path}.junk`, junk);
      await Deno.rename(`${path}.junk`, path);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await Deno.rename(`${path}.sound`, path);
    assert.equal((await watching).at(-1)?.event, "reset");
    assert.equal(stepsOf(await readUntil(await feed.watch(29), (m) => m.id === 30)).length, 1);
    feed.close();
  }));

Deno.test("RunFeed lets the viewers of a store go that broke, and asks for it anew", () =>
  withRun(async ({ folder }) => {
    const path = `${folder}/metrics.sqlite`;
    {
      using writer = MetricStore.open(path);
      for (let step = 31; step <= 3000; step++) writer.append(stepEvent(step));
      writer.flush();
    }
    const feed = new RunFeed(folder, { ...times, stall: 200 });
    // One is so far behind that the store is asked for what comes next.
    const [slow, other] = [await feed.watch(0), await feed.watch(3000)];
    const reader = slow.getReader();
    await reader.read();
    const { size } = await Deno.stat(path);
    using file = await Deno.open(path, { write: true });
    await file.seek(4096, Deno.SeekMode.Start);
    await file.write(new Uint8Array(size - 4096).fill(7));
    while (!(await reader.read()).done);
    await other.cancel();
    assert.equal(feed.viewerCount, 0);
    await assert.rejects(feed.watch(0));
    feed.close();
  }));

Deno.test("RunFeed lets a viewer go that has stopped reading, and keeps the others", () =>
  withRun(async ({ folder }) => {
    using writer = MetricStore.open(`${folder}/metrics.sqlite`);
    const feed = new RunFeed(folder, { ...times, heartbeat: 20, stall: 100 });
    const stuck = await feed.watch(31);
    const reading = readUntil(await feed.watch(31), (m) => m.id === 131);
    for (let step = 31; step <= 130; step++) {
      writer.append(stepEvent(step));
      writer.flush();
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    assert.equal(stepsOf(await reading).length, 100);
    assert.equal(feed.viewerCount, 0, "the stuck viewer was let go before the other one left");
    const left = await readUntil(stuck, () => false);
    assert.ok(stepsOf(left).length < 100, "what it missed was not queued for it");
  }));

Deno.test("RunFeed lets a viewer go that has watched for so long that its session may have ended", () =>
  withRun(async ({ folder }) => {
    using writer = MetricStore.open(`${folder}/metrics.sqlite`);
    const feed = new RunFeed(folder, { ...times, longest: 200 });
    const started = performance.now();
    const reading = readUntil(await feed.watch(31), () => false);
    // Neither news nor reading keeps it.
    const writing = setInterval(() => (writer.append(stepEvent(31)), writer.flush()), 20);
    const messages = await reading;
    clearInterval(writing);
    assert.ok(performance.now() - started >= 200);
    assert.ok(messages.some(({ event }) => event !== "state"), "what came before was told");
    assert.equal(feed.viewerCount, 0);
  }));

Deno.test("GET events prefers Last-Event-ID to the cursor of the address and ends with the server", () =>
  withRun(async ({ root }) => {
    const ending = new AbortController();
    const app = createApp({
      runsDirectory: `${root}/runs`,
      allowedHosts: ["localhost"],
      staticDirectory: root,
      openDataset: () => fakeDataset(),
      feedTimes: times,
      signal: ending.signal,
    });
    const ask = (headers: Record<string, string>) =>
      app.request("/api/runs/r1/events?cursor=5", { headers: { host: "localhost", ...headers } });
    const fresh = await ask({});
    assert.equal(fresh.headers.get("content-type"), "text/event-stream");
    assert.equal(fresh.headers.get("cache-control"), "no-store");
    assert.equal(stepsOf(await readUntil(fresh.body!, (m) => m.id !== null))[0], 5);
    const again = await ask({ "last-event-id": "29" });
    assert.deepEqual(stepsOf(await readUntil(again.body!, (m) => m.id === 31)), [29, 30]);
    const refused = await ask({ "last-event-id": "x" });
    assert.equal(refused.status, 400);
    await refused.body?.cancel();
    const open = readUntil((await ask({ "last-event-id": "31" })).body!, () => false);
    ending.abort();
    assert.ok((await open).length <= 1, "the stream ended");
  }));
