/**
 * One run as it is known to the page: loaded once, then kept up to date by the event stream.
 *
 * The stream goes on after the cursor that came with the series, and after a lost connection from the last event
 * seen: nothing is lost and nothing counted twice.
 *
 * @module
 */

import { batch, signal } from "@preact/signals";
import type {
  EvaluationWire,
  RunDetail,
  RunState,
  StateMessage,
  StoredEventWire,
} from "../../routes/wire/runs.ts";
import type { Clock } from "./charts/chart_view.ts";
import { addressOf, api, getJson, loadSession } from "./client.ts";
import { MetricSeries } from "./metric_series.ts";

/** Longer series are fetched again, thinned out by the server. */
const maxPoints = 6000;
const retryMilliseconds = 2000;

/** A stretch is asked for when the zoom has stood still for so long. */
const zoomMilliseconds = 150;

const runAddress = api.runs[":run"];

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
  readonly #asked: { param: { run: string } };
  #cursor = 0;
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  /** What the events since the last frame have made of the run's detail. */
  #newest: RunDetail | null = null;
  #zoomTimer: ReturnType<typeof setTimeout> | undefined;
  #zoom: [number, number] | null = null;
  #series = new MetricSeries();
  /** Changes whenever the series did. */
  readonly #version = signal(0);

  constructor(name: string) {
    this.name = name;
    this.#asked = { param: { run: name } };
    this.#load();
    // A browser opens few connections to one server: a page that nobody sees leaves them to others.
    document.addEventListener("visibilitychange", () => this.#showOrHide(), { signal: this.#ending.signal });
  }

  /** The run's metrics; a component that reads them is drawn again when they grow. */
  get series(): MetricSeries {
    void this.#version.value;
    return this.#series;
  }

  /** Shows a stretch of steps in finer detail, where the server has thinned the series out; null shows the whole. */
  zoomTo(range: [number, number] | null): void {
    if (String(range) === String(this.#zoom)) return;
    this.#zoom = range;
    clearTimeout(this.#zoomTimer);
    this.#zoomTimer = setTimeout(
      () => this.#loadDetail().catch(() => {/* The whole goes on being shown. */}),
      zoomMilliseconds,
    );
  }

  async #loadDetail(): Promise<void> {
    const range = this.#zoom;
    if (!range || !this.#series.isThinned) {
      this.#series.setDetail(null);
    } else {
      const asked = { ...this.#asked, query: { from: range[0], to: range[1] } };
      const { series } = await getJson(runAddress.series, asked, this.#ending.signal);
      if (range !== this.#zoom) return;
      this.#series.setDetail({ range, series: new Map(Object.entries(series)) });
    }
    this.#announce();
  }

  /** How steps lie in epochs and in time. */
  get clock(): Clock {
    const detail = this.detail.value;
    return {
      stepsPerEpoch: detail?.started?.stepsPerEpoch ?? null,
      startSeconds: detail?.firstEventSeconds ?? null,
    };
  }

  /** Ends the stream and every open question. */
  close(): void {
    this.#ending.abort();
    clearTimeout(this.#zoomTimer);
    this.#source?.close();
    clearTimeout(this.#retry);
    cancelAnimationFrame(this.#frame);
  }

  async #load(): Promise<void> {
    this.#source?.close();
    const { signal } = this.#ending;
    try {
      const [detail, series] = await Promise.all([
        getJson(runAddress, this.#asked, signal),
        getJson(runAddress.series, this.#asked, signal),
        this.#loadEvaluations(),
      ]);
      this.#newest = null;
      this.detail.value = detail;
      this.state.value = detail.state;
      this.#series = new MetricSeries(series.series);
      if (this.#zoom) this.#loadDetail().catch(() => {/* The whole goes on being shown. */});
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
    this.evaluations.value = await getJson(runAddress.evaluations, this.#asked, this.#ending.signal);
  }

  #connect(): void {
    const source = new EventSource(
      addressOf(runAddress.events, { ...this.#asked, query: { cursor: this.#cursor } }),
    );
    this.#source = source;
    source.addEventListener("open", () => void (this.connection.value = "live"));
    source.addEventListener("run", (message) => this.#take(JSON.parse(message.data)));
    source.addEventListener(
      "state",
      (message) => this.#enter((JSON.parse(message.data) as StateMessage).state),
    );
    source.addEventListener("reset", () => this.#load());
    source.addEventListener("error", () => {
      this.connection.value = "lost";
      // The browser tries again by itself, unless the server refused, perhaps because the session ended.
      if (source.readyState !== EventSource.CLOSED) return;
      loadSession();
      this.#later(() => this.#connect());
    });
  }

  /** Only the run's detail says why it does not go on. */
  async #enter(state: RunState): Promise<void> {
    const isNew = state !== this.state.value;
    this.state.value = state;
    if (!isNew || state === "running") return;
    const detail = await getJson(runAddress, this.#asked, this.#ending.signal).catch(() => null);
    if (detail?.state !== state) return;
    this.#newest = null;
    this.detail.value = detail;
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
    const before = this.#newest ?? this.detail.value!;
    const firstEventSeconds = before.firstEventSeconds ?? timeSeconds;
    // An evaluation is of some checkpoint: how far the run is, it does not say.
    const step = event.kind === "evaluation" ? before.step : event.step;
    const detail = { ...before, firstEventSeconds, lastEventSeconds: timeSeconds, step };
    if (event.kind === "started") {
      this.#series.truncateAfter(event.step);
      Object.assign(detail, { started: event, totalSteps: event.totalSteps, pause: null });
    }
    if (event.kind === "step" || event.kind === "pace") {
      const { step, metrics } = event;
      this.#series.append({ step, seconds: timeSeconds, metrics, isStep: event.kind === "step" });
    }
    if (event.kind === "step") {
      detail.totalLoss = event.metrics["loss.total"] ?? detail.totalLoss;
    }
    if (event.kind === "evaluation" || event.kind === "started") {
      this.#loadEvaluations().catch(() => {/* The next evaluation asks again. */});
    }
    this.#newest = detail;
    if (this.#series.length > maxPoints) this.#load();
    else this.#announce();
  }

  /** Lets the page draw once for all events of a frame. */
  #announce(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() =>
      batch(() => {
        if (this.#newest) this.detail.value = this.#newest;
        this.#newest = null;
        this.#version.value++;
      })
    );
  }
}
