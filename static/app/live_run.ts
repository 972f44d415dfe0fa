/**
 * One run as it is known to the page: loaded once, then kept up to date by the event stream.
 *
 * The stream goes on after the cursor that came with the series, and after a lost connection from the last event
 * seen: nothing is lost and nothing counted twice.
 *
 * @module
 */

import { signal } from "@preact/signals";
import type {
  EvaluationWire,
  RunDetail,
  RunState,
  SeriesAnswer,
  StateMessage,
  StoredEventWire,
} from "../../routes/api.ts";
import { getJson, runPath } from "./client.ts";
import { MetricSeries } from "./metric_series.ts";

/** Longer series are fetched again, thinned out by the server. */
const maxPoints = 6000;
const retryMilliseconds = 2000;

/** Whether live events arrive. */
export type Connection = "connecting" | "live" | "lost";

/** A run and its live events; `close` ends the stream. */
export class LiveRun {
  readonly name: string;
  readonly detail = signal<RunDetail | null>(null);
  readonly state = signal<RunState>("new");
  readonly connection = signal<Connection>("connecting");
  readonly evaluations = signal<EvaluationWire[]>([]);
  /** Why the run cannot be shown. */
  readonly problem = signal<string | null>(null);
  readonly #ending = new AbortController();
  #cursor = 0;
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #series = new MetricSeries();
  /** Changes whenever the series did. */
  readonly #version = signal(0);

  constructor(name: string) {
    this.name = name;
    this.#load();
    // A browser opens few connections to one server: a page that nobody sees leaves them to others.
    document.addEventListener("visibilitychange", () => this.#showOrHide(), { signal: this.#ending.signal });
  }

  /** The run's metrics; a component that reads them is drawn again when they grow. */
  get series(): MetricSeries {
    void this.#version.value;
    return this.#series;
  }

  /** Ends the stream and every open question. */
  close(): void {
    this.#ending.abort();
    this.#source?.close();
    clearTimeout(this.#retry);
    cancelAnimationFrame(this.#frame);
  }

  async #load(): Promise<void> {
    this.#source?.close();
    const { signal } = this.#ending;
    try {
      const [detail, series] = await Promise.all([
        getJson<RunDetail>(runPath(this.name), signal),
        getJson<SeriesAnswer>(runPath(this.name, "/series"), signal),
        this.#loadEvaluations(),
      ]);
      this.detail.value = detail;
      this.state.value = detail.state;
      this.#series = new MetricSeries(series.series);
      this.#cursor = series.cursor;
      this.problem.value = null;
      this.#version.value++;
      this.#connect();
    } catch (error) {
      if (signal.aborted) return;
      this.problem.value = error instanceof Error ? error.message : String(error);
      this.#later(() => this.#load());
    }
  }

  async #loadEvaluations(): Promise<void> {
    this.evaluations.value = await getJson(runPath(this.name, "/evaluations"), this.#ending.signal);
  }

  #connect(): void {
    const source = new EventSource(runPath(this.name, `/events?cursor=${this.#cursor}`));
    this.#source = source;
    source.addEventListener("open", () => void (this.connection.value = "live"));
    source.addEventListener("run", (message) => this.#take(JSON.parse(message.data)));
    source.addEventListener("state", (message) => {
      this.state.value = (JSON.parse(message.data) as StateMessage).state;
    });
    source.addEventListener("reset", () => this.#load());
    source.addEventListener("error", () => {
      this.connection.value = "lost";
      // The browser tries again by itself, unless the server refused.
      if (source.readyState === EventSource.CLOSED) this.#later(() => this.#connect());
    });
  }

  #showOrHide(): void {
    if (document.hidden) this.#source?.close();
    else if (this.#source?.readyState === EventSource.CLOSED) this.#connect();
  }

  #later(action: () => void): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(action, retryMilliseconds);
  }

  #take({ id, timeSeconds, event }: StoredEventWire): void {
    if (id <= this.#cursor) return;
    this.#cursor = id;
    const detail = { ...this.detail.value!, lastEventSeconds: timeSeconds, step: event.step };
    if (event.kind === "started") {
      this.#series.truncateAfter(event.step);
      Object.assign(detail, { started: event, totalSteps: event.totalSteps, pausedMessage: null });
    }
    if (event.kind === "step") {
      this.#series.append(event.step, event.metrics);
      detail.totalLoss = event.metrics["loss.total"] ?? detail.totalLoss;
    }
    if (event.kind === "paused") detail.pausedMessage = event.message;
    if (event.kind === "evaluation" || event.kind === "started") {
      this.#loadEvaluations().catch(() => {/* The next evaluation asks again. */});
    }
    this.detail.value = detail;
    if (this.#series.length > maxPoints) this.#load();
    else this.#announce();
  }

  /** Lets the charts draw once for all events of a frame. */
  #announce(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => void this.#version.value++);
  }
}
