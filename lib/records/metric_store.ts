/**
 * The numbers and events of one run, in one SQLite file: written by one process, read by any number of others
 * while it is being written (write-ahead log).
 *
 * An event's id only ever grows, also across resumes and truncations, so that a reader's cursor never sees an
 * event twice and never misses one.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { SonospeechError } from "../errors.ts";
import { downsample, type Series } from "./downsample.ts";
import { type MetricSummary, StoredMetric } from "./metric_rows.ts";

export type { Series } from "./downsample.ts";
export type { MetricSummary } from "./metric_rows.ts";

const schemaVersion = 1;
const flushMilliseconds = 250;

const schema = `
  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, kind TEXT NOT NULL, step INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_by_kind ON event (kind, id);
  CREATE INDEX event_by_step ON event (step);
  CREATE TABLE metric_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE metric (
    name INTEGER NOT NULL, step INTEGER NOT NULL, event INTEGER NOT NULL, value REAL,
    PRIMARY KEY (name, step, event)
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${schemaVersion};
`;

/** What can be recorded: anything with a kind, a step and perhaps numbers by name. */
export interface RecordableEvent {
  /** What happened, as `step`. */
  kind: string;
  /** The run's step the event belongs to; whole, not negative. */
  step: number;
  /** Numbers by name; those that are not finite are kept as `null`. */
  metrics?: Record<string, number>;
}

/** An event as it was stored. */
export interface StoredEvent {
  /** Grows with every event and is never used again. */
  id: number;
  /** When it was appended, seconds since 1970. */
  timeSeconds: number;
  /** The event's kind. */
  kind: string;
  /** The event's step. */
  step: number;
  /** The event; numbers that were not finite are `null`. */
  event: Record<string, unknown>;
}

/** How a store is opened. */
export interface MetricStoreOptions {
  /** Read only: the file is never changed, and a writer elsewhere is never held up. */
  readOnly?: boolean;
  /** A clock in seconds since 1970, for tests. */
  now?: () => number;
}

interface PendingEvent {
  id: number;
  timeSeconds: number;
  event: RecordableEvent;
}

/**
 * A run's event log and the series of its metrics.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { MetricStore } from "./metric_store.ts";
 * const path = `${await Deno.makeTempDir()}/metrics.sqlite`;
 * const store = MetricStore.create(path);
 * store.append({ kind: "step", step: 1, metrics: { "loss.total": 0.7 } });
 * store.flush();
 * assert(store.series("loss.total").values[0] === 0.7);
 * store.close();
 * ```
 */
export class MetricStore {
  readonly #database: DatabaseSync;
  readonly #readOnly: boolean;
  readonly #now: () => number;
  readonly #statements = new Map<string, StatementSync>();
  readonly #nameIds = new Map<string, number>();
  #nextId = 1;
  #pending: PendingEvent[] = [];
  #oldestPending = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(database: DatabaseSync, options: MetricStoreOptions) {
    this.#database = database;
    this.#readOnly = options.readOnly ?? false;
    this.#now = options.now ?? (() => Date.now() / 1000);
    this.#nextId = this.lastId() + 1;
  }

  /**
   * Makes a new, empty store.
   *
   * @throws SonospeechError `store` when there is a file at `path` or none can be made.
   */
  static create(path: string, options: Omit<MetricStoreOptions, "readOnly"> = {}): MetricStore {
    if (existsSync(path)) throw storeError("create the metric store", "no file may be there yet", path);
    try {
      const database = new DatabaseSync(path);
      configureWriter(database);
      database.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
      return new MetricStore(database, options);
    } catch (error) {
      throw storeError("create the metric store", "its folder must exist and be writable", path, error);
    }
  }

  /**
   * Opens an existing store.
   *
   * @throws SonospeechError `store` when there is no store at `path` or it is of another version.
   */
  static open(path: string, options: MetricStoreOptions = {}): MetricStore {
    const readOnly = options.readOnly ?? false;
    let database: DatabaseSync | undefined;
    try {
      if (!existsSync(path)) throw new Error("there is no such file");
      database = new DatabaseSync(path, { readOnly });
      if (readOnly) database.exec("PRAGMA busy_timeout = 2000");
      else configureWriter(database);
      const version = database.prepare("PRAGMA user_version").get()?.user_version;
      if (version !== schemaVersion) throw new Error(`its version is ${version}, not ${schemaVersion}`);
      return new MetricStore(database, options);
    } catch (error) {
      database?.close();
      throw storeError("open the metric store", "it must be a metric store of this version", path, error);
    }
  }

  /**
   * Adds an event and returns its id.
   *
   * Events are written together: after at most 250 ms, or at {@linkcode MetricStore.flush}. When a write in the
   * background fails, the events stay queued and the next `append` or `flush` tries again and throws.
   *
   * @throws SonospeechError `store` when the store is read only, the step is not a whole number from 0, or the
   * queued events cannot be written.
   */
  append<E extends RecordableEvent>(event: E): number {
    this.#refuseWhenReadOnly();
    if (!Number.isSafeInteger(event.step) || event.step < 0) {
      throw new SonospeechError("store", {
        action: "record an event",
        must: "its step must be a whole number from 0",
        received: event.step,
      });
    }
    const id = this.#nextId++;
    if (this.#pending.length === 0) this.#oldestPending = performance.now();
    this.#pending.push({ id, timeSeconds: this.#now(), event });
    if (performance.now() - this.#oldestPending >= flushMilliseconds) this.flush();
    else this.#flushLater();
    return id;
  }

  /** Writes the queued events. @throws SonospeechError `store` when they cannot be written; they stay queued. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    this.#transaction("write events", () => this.#pending.forEach((event) => this.#insert(event)));
    this.#pending = [];
  }

  /** Up to `limit` events with an id greater than `cursor`, oldest first. */
  eventsAfter(cursor: number, limit = 1000): StoredEvent[] {
    return this.#prepare("SELECT * FROM event WHERE id > ? ORDER BY id LIMIT ?").all(cursor, limit).map(
      toStored,
    );
  }

  /** All events of one kind, oldest first. */
  eventsOfKind(kind: string): StoredEvent[] {
    return this.#prepare("SELECT * FROM event WHERE kind = ? ORDER BY id").all(kind).map(toStored);
  }

  /** The newest event of a kind, or of any kind when none is named. */
  lastEvent(kind?: string): StoredEvent | undefined {
    const row = kind === undefined
      ? this.#prepare("SELECT * FROM event ORDER BY id DESC LIMIT 1").get()
      : this.#prepare("SELECT * FROM event WHERE kind = ? ORDER BY id DESC LIMIT 1").get(kind);
    return row && toStored(row);
  }

  /** The id of the newest event ever written; it stays when that event is forgotten. */
  lastId(): number {
    return Number(this.#prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'").get()?.seq ?? 0);
  }

  /** Runs `read` on one state of the store: what a writer adds meanwhile is not seen. */
  snapshot<T>(read: () => T): T {
    this.#database.exec("BEGIN");
    try {
      return read();
    } finally {
      this.#database.exec("COMMIT");
    }
  }

  /** The names of all metrics, sorted. */
  metricNames(): string[] {
    const sql =
      "SELECT name FROM metric_name AS n WHERE EXISTS (SELECT 1 FROM metric WHERE metric.name = n.id) " +
      "ORDER BY name";
    return this.#prepare(sql).all().map((row) => String(row.name));
  }

  /**
   * The values of a metric by step.
   *
   * @param name The metric's name; an unknown one has an empty series.
   * @param options `fromStep` and `toStep` bound the steps, both included; `throughId` leaves out later events;
   * `maxPoints` (at least 5) thins the series out so that the lowest, the highest and any missing value of each
   * stretch stay. Thinning takes time in proportion to the values there are, but not their memory.
   */
  series(
    name: string,
    options: { fromStep?: number; toStep?: number; throughId?: number; maxPoints?: number } = {},
  ): Series {
    const { fromStep = 0, toStep = Number.MAX_SAFE_INTEGER - 1, throughId, maxPoints } = options;
    return downsample(this.#metric(name, throughId), [fromStep, toStep], maxPoints);
  }

  /** What a metric came to; an unknown one has count 0. */
  metricSummary(name: string): MetricSummary {
    return this.#metric(name).summary();
  }

  /**
   * Forgets every event and number beyond `step`: what a resumed run is about to do again. Ids go on growing.
   *
   * @throws SonospeechError `store` when the store is read only or cannot be written.
   */
  truncateAfter(step: number): void {
    this.#refuseWhenReadOnly();
    this.flush();
    this.#transaction("forget the steps after the checkpoint", () => {
      this.#prepare("DELETE FROM event WHERE step > ?").run(step);
      this.#prepare("DELETE FROM metric WHERE step > ?").run(step);
    });
  }

  /** Writes what is queued and frees the file. @throws SonospeechError `store` when that cannot be written. */
  close(): void {
    try {
      if (!this.#readOnly) this.flush();
    } finally {
      this.#database.close();
    }
  }

  /** Frees the file at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #metric(name: string, throughId = Number.MAX_SAFE_INTEGER): StoredMetric {
    const id = this.#prepare("SELECT id FROM metric_name WHERE name = ?").get(name)?.id;
    return new StoredMetric((sql) => this.#prepare(sql), Number(id ?? -1), throughId);
  }

  #flushLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      try {
        this.flush();
      } catch {
        // The events stay queued, and the next append finds them overdue, tries again and throws.
      }
    }, flushMilliseconds);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  #insert({ id, timeSeconds, event }: PendingEvent): void {
    this.#prepare("INSERT INTO event (id, time, kind, step, body) VALUES (?, ?, ?, ?, ?)")
      .run(id, timeSeconds, event.kind, event.step, JSON.stringify(event));
    const insert = this.#prepare("INSERT INTO metric (name, step, event, value) VALUES (?, ?, ?, ?)");
    for (const [name, value] of Object.entries(event.metrics ?? {})) {
      insert.run(this.#nameId(name), event.step, id, Number.isFinite(value) ? value : null);
    }
  }

  #nameId(name: string): number {
    const known = this.#nameIds.get(name);
    if (known !== undefined) return known;
    this.#prepare("INSERT INTO metric_name (name) VALUES (?) ON CONFLICT DO NOTHING").run(name);
    const id = Number(this.#prepare("SELECT id FROM metric_name WHERE name = ?").get(name)?.id);
    this.#nameIds.set(name, id);
    return id;
  }

  #transaction(action: string, body: () => void): void {
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      body();
      this.#database.exec("COMMIT");
    } catch (error) {
      // Names inserted by a transaction that is undone must not be remembered.
      this.#nameIds.clear();
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw new SonospeechError("store", {
        action,
        must: "the metric store must be writable and the disk must have room",
        received: error,
        cause: error,
      });
    }
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.#database.prepare(sql));
    return statement;
  }

  #refuseWhenReadOnly(): void {
    if (!this.#readOnly) return;
    throw new SonospeechError("store", {
      action: "write to the metric store",
      must: "it must not be read only",
    });
  }
}

function configureWriter(database: DatabaseSync): void {
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
}

function toStored(row: Record<string, unknown>): StoredEvent {
  return {
    id: Number(row.id),
    timeSeconds: Number(row.time),
    kind: String(row.kind),
    step: Number(row.step),
    event: contentOf(row),
  };
}

function contentOf({ id, body }: Record<string, unknown>): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(String(body));
    if (typeof content === "object" && content !== null) return { ...content };
  } catch {
    // Said below.
  }
  throw new SonospeechError("store", {
    action: "read the metric store",
    must: "every event in it must be a JSON object",
    received: `event ${id}`,
  });
}

function storeError(action: string, must: string, path: string, cause?: unknown): SonospeechError {
  return new SonospeechError("store", {
    action,
    must,
    received: cause instanceof Error ? `${path} (${cause.message})` : path,
    cause,
    publicMessage: `Cannot ${action}: ${must}`,
  });
}
