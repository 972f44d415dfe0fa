/**
 * A run's metrics in files of other programs.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import { readCertificate } from "../training/run_certificate.ts";
import { MetricStore, type StoredEvent } from "../records/metric_store.ts";
import type { RunFolder, StartRecord } from "../training/run_folder.ts";
import { ExportFolder } from "./export_folder.ts";
import type { ExportedFile } from "./passport.ts";
import { encodeEventFile, type ScalarEvent } from "./tfevents.ts";

/** What was written of a run's metrics. */
export interface MetricsPassport {
  /** What was written. */
  format: "tensorboard" | "jsonl";
  /** What wrote it. */
  program: { name: string; version: string };
  /** Events in the file. */
  events: number;
  /** The run. */
  run: { createdAt: string; start: StartRecord | null };
  /** The run's settings; its seed is among them. */
  config: RunFolder["config"];
  /** What it trained on. */
  dataset: { contentHash: string; trainedOn: string[] };
  /** What belongs to the export besides this file. */
  files: ExportedFile[];
}

/**
 * Writes a run's events as `events.out.tfevents.*` (scalars by step) or `events.jsonl` (every event, one a line), and
 * `passport.json`.
 *
 * A run may still be training: what it has told so far is written.
 *
 * @throws SonospeechError `store` when the run has no metrics.
 */
export async function exportMetrics(
  { path, config, record }: RunFolder,
  format: "tensorboard" | "jsonl",
  out: string,
): Promise<MetricsPassport> {
  using metrics = MetricStore.open(`${path}/metrics.sqlite`, { readOnly: true });
  const events = metrics.snapshot(() => [...eventsOf(metrics)]);
  const folder = await ExportFolder.open(out);
  if (format === "jsonl") await folder.write("events.jsonl", events.map(jsonLine).join(""));
  else await folder.write(eventFileName(events), encodeEventFile(events.flatMap(scalarEvents)));
  const passport: MetricsPassport = {
    format,
    program: { name: "sonospeech", version: project.version },
    events: events.length,
    run: { createdAt: record.createdAt, start: record.start ?? null },
    config,
    dataset: {
      contentHash: record.datasetId,
      trainedOn: [...(await readCertificate(path))?.splits.train.subjects ?? []],
    },
    files: [...folder.files],
  };
  await folder.write("passport.json", JSON.stringify(passport, null, 2) + "\n");
  return passport;
}

function* eventsOf(metrics: MetricStore): Generator<StoredEvent> {
  for (let cursor = 0;;) {
    const events = metrics.eventsAfter(cursor);
    if (events.length === 0) return;
    yield* events;
    cursor = events[events.length - 1].id;
  }
}

function jsonLine({ id, timeSeconds, event }: StoredEvent): string {
  return JSON.stringify({ id, timeSeconds, ...event }) + "\n";
}

/** TensorBoard knows an event file by its name; the run's first second makes it the same at every export. */
function eventFileName(events: readonly StoredEvent[]): string {
  return `events.out.tfevents.${Math.floor(events[0]?.timeSeconds ?? 0)}.sonospeech`;
}

/** An event's metrics as scalars; TensorBoard groups tags by what stands before their first slash. */
export function scalarEvents({ timeSeconds, step, kind, event }: StoredEvent): ScalarEvent[] {
  const metrics = Object.entries(event.metrics ?? {});
  if (metrics.length === 0) return [];
  const tagged = metrics.map(([name, value]) => [
    kind === "evaluation"
      ? `${event.split}/${name}`
      : name.includes(".")
      ? name.replace(".", "/")
      : `train/${name}`,
    typeof value === "number" ? value : NaN,
  ]);
  return [{ timeSeconds, step, scalars: Object.fromEntries(tagged) }];
}
