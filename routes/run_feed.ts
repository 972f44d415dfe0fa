/**
 * The live stream of a run: one look at its store every half second, shared by all who watch.
 *
 * A viewer's stream is pulled by its connection: a slow one is handed later events from the store when it is ready
 * for them, so that nothing piles up, and one that has stopped reading is let go and comes back with its cursor.
 *
 * @module
 */

import type { MetricStore, StoredEvent } from "../mod.ts";
import { sessionSeconds } from "./access.ts";
import { openStore, runState, toWire } from "./run_store.ts";
import type { RunState } from "./wire/runs.ts";

const recentEvents = 2000;
const pageEvents = 200;
const encoder = new TextEncoder();

/** Times of a feed, milliseconds. */
export interface FeedTimes {
  /** Between two looks at the store. */
  poll: number;
  /** Of silence before a heartbeat. */
  heartbeat: number;
  /** Without a read before a viewer is let go. */
  stall: number;
  /** Before a viewer must ask again, so that one whose session has ended by then is told. */
  longest: number;
}

/** Half a second, fifteen seconds, a minute, and as long as a session lives that is not used. */
export const defaultFeedTimes: FeedTimes = {
  poll: 500,
  heartbeat: 15_000,
  stall: 60_000,
  longest: 1000 * sessionSeconds,
};

/** Server-sent events of one run for any number of viewers. */
export class RunFeed {
  readonly #folder: string;
  readonly #times: FeedTimes;
  readonly #viewers = new Set<Viewer>();
  #store: MetricStore | undefined;
  #inode: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #recent: StoredEvent[] = [];
  #lastId = 0;
  /** The last answer: most viewers are at the same place and are told the same. */
  #shared: { cursor: number; upTo: number; messages: Messages | null } | undefined;
  #state: RunState = "new";
  #silentPolls = 0;
  /** Counts stops, so that a look at the store that outlives one ends there. */
  #generation = 0;

  constructor(folder: string, times: FeedTimes = defaultFeedTimes) {
    this.#folder = folder;
    this.#times = times;
  }

  /** How many are watching. */
  get viewerCount(): number {
    return this.#viewers.size;
  }

  /**
   * A stream of server-sent events with an id greater than `cursor`: `state` first, then `run` messages; `reset`
   * when the cursor belongs to a run that has since been replaced.
   *
   * @param signal Ends this stream.
   */
  async watch(cursor: number, signal?: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    if (this.#viewers.size === 0) await this.#refresh();
    const viewer = new Viewer(cursor, this.#times, {
      messagesAfter: (id) => this.#messagesAfter(id),
      leave: () => this.#leave(viewer),
    });
    this.#viewers.add(viewer);
    this.#timer ??= setTimeout(() => this.#poll(), this.#times.poll);
    viewer.tellState(this.#state);
    if (cursor > this.#lastId) viewer.tellReset();
    signal?.addEventListener("abort", () => viewer.end(), { once: true, signal: viewer.ended });
    return viewer.stream;
  }

  /** Ends all streams and frees the store. */
  close(): void {
    for (const viewer of [...this.#viewers]) viewer.end();
    this.#stop();
  }

  #leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size === 0) this.#stop();
  }

  #stop(): void {
    this.#generation++;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#close();
    this.#inode = null;
    this.#recent = [];
    this.#shared = undefined;
  }

  /** Another store may not open: the closed one must not be taken for it. */
  #close(): void {
    this.#store?.close();
    this.#store = undefined;
  }

  async #poll(): Promise<void> {
    const generation = this.#generation;
    const idBefore = this.#lastId;
    const stateBefore = this.#state;
    try {
      await this.#refresh();
    } catch {
      // The store is being made, replaced or removed; the next look finds it again.
    }
    if (generation !== this.#generation) {
      if (this.#viewers.size === 0) this.#stop();
      return;
    }
    for (const viewer of [...this.#viewers]) {
      if (this.#state !== stateBefore) viewer.tellState(this.#state);
      viewer.wake(this.#lastId > idBefore);
    }
    if (this.#viewers.size > 0) this.#timer = setTimeout(() => this.#poll(), this.#times.poll);
  }

  async #refresh(): Promise<void> {
    const path = `${this.#folder}/metrics.sqlite`;
    const inode = (await Deno.stat(path).catch(() => null))?.ino ?? null;
    if (inode === null) return;
    if (inode !== this.#inode || !this.#store) this.#reopen(inode);
    const store = this.#store!;
    let page: StoredEvent[];
    do {
      page = store.eventsAfter(this.#lastId, 1000);
      this.#recent.push(...page);
      this.#lastId = page.at(-1)?.id ?? this.#lastId;
    } while (page.length === 1000);
    this.#recent.splice(0, this.#recent.length - recentEvents);
    this.#silentPolls = page.length > 0 ? 0 : this.#silentPolls + 1;
    // The state costs a probe of the lock when a run is silent, so it is asked for less often after a while.
    if (this.#silentPolls <= 20 || this.#silentPolls % 20 === 0) {
      this.#state = await runState(this.#folder, store);
    }
  }

  #reopen(inode: number): void {
    const wasReplaced = this.#inode !== null;
    this.#close();
    this.#store = openStore(this.#folder);
    this.#inode = inode;
    this.#lastId = Math.max(0, this.#store.lastId() - recentEvents);
    this.#recent = [];
    this.#shared = undefined;
    this.#silentPolls = 0;
    if (wasReplaced) { for (const viewer of [...this.#viewers]) viewer.tellReset(); }
  }

  #messagesAfter(cursor: number): Messages | null {
    const known = this.#shared;
    if (known?.cursor === cursor && known.upTo === this.#lastId) return known.messages;
    const messages = messagesOf(this.#eventsAfter(cursor));
    this.#shared = { cursor, upTo: this.#lastId, messages };
    return messages;
  }

  #eventsAfter(cursor: number): StoredEvent[] {
    if (cursor >= this.#lastId) return [];
    const first = this.#recent.findIndex((event) => event.id > cursor);
    if (first > 0 || this.#recent[0]?.id === cursor + 1) return this.#recent.slice(first, first + pageEvents);
    return this.#store?.eventsAfter(cursor, pageEvents) ?? [];
  }
}

/** Events as they go over the wire. */
interface Messages {
  bytes: Uint8Array;
  /** Of the last event. */
  lastId: number;
}

/** What a viewer asks of its feed. */
interface Source {
  messagesAfter(cursor: number): Messages | null;
  leave(): void;
}

/** One connection. */
class Viewer {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #times: FeedTimes;
  readonly #source: Source;
  #cursor: number;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #notices = "";
  #ended = false;
  readonly #ending = new AbortController();
  #resetting = false;
  readonly #begun = performance.now();
  #lastSent = performance.now();
  #lastRoom = performance.now();

  constructor(cursor: number, times: FeedTimes, source: Source) {
    this.#cursor = cursor;
    this.#times = times;
    this.#source = source;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#send(),
      cancel: () => this.#leave(),
    }, { highWaterMark: 1 });
  }

  tellState(state: RunState): void {
    this.#notices += `event: state\ndata: ${JSON.stringify({ state })}\n\n`;
  }

  /** Tells the viewer that its cursor is of no use any more, and ends. */
  tellReset(): void {
    this.#notices += "event: reset\ndata: {}\n\n";
    this.#resetting = true;
    this.#send();
  }

  /** Sends what there is if the connection has room; lets the viewer go when it has had none, or watched, for too long. */
  wake(hasNews: boolean): void {
    const now = performance.now();
    if (now - this.#begun >= this.#times.longest) return this.end();
    if ((this.#controller.desiredSize ?? 0) > 0) {
      this.#lastRoom = now;
      if (!hasNews && now - this.#lastSent >= this.#times.heartbeat) this.#notices += ": still here\n\n";
      this.#send();
    } else if (now - this.#lastRoom >= this.#times.stall) {
      this.end();
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#leave();
    this.#controller.close();
  }

  /** Aborted when the stream has ended. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  #leave(): void {
    this.#ended = true;
    this.#ending.abort();
    this.#source.leave();
  }

  #send(): void {
    if (this.#ended || (this.#controller.desiredSize ?? 0) <= 0) return;
    this.#lastRoom = performance.now();
    let messages: Messages | null;
    try {
      messages = this.#resetting ? null : this.#source.messagesAfter(this.#cursor);
    } catch {
      return this.end(); // The store broke: who watches asks again, and is told.
    }
    if (this.#notices === "" && messages === null) return;
    const notices = encoder.encode(this.#notices);
    this.#notices = "";
    this.#cursor = messages?.lastId ?? this.#cursor;
    this.#lastSent = performance.now();
    // Last, for what is handed over can ask for more at once.
    this.#controller.enqueue(joined(notices, messages?.bytes));
    if (this.#resetting) this.end();
  }
}

function messagesOf(events: readonly StoredEvent[]): Messages | null {
  const last = events.at(-1);
  return last ? { bytes: encoder.encode(events.map(toMessage).join("")), lastId: last.id } : null;
}

function joined(notices: Uint8Array, bytes: Uint8Array = new Uint8Array()): Uint8Array {
  if (notices.length === 0) return bytes;
  const all = new Uint8Array(notices.length + bytes.length);
  all.set(notices);
  all.set(bytes, notices.length);
  return all;
}

function toMessage(event: StoredEvent): string {
  return `id: ${event.id}\nevent: run\ndata: ${JSON.stringify(toWire(event))}\n\n`;
}
