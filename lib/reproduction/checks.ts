/**
 * What must hold before a comparison means anything: controls that fail, facts that leak nothing.
 *
 * @module
 */

import type { SplitCertificate } from "../data/split_certificate.ts";
import { scalarLeaks } from "../evaluation/scalar_leak.ts";
import type { Confound } from "../evaluation/confound_probe.ts";
import type { GateFinding } from "../training/overfit_gate.ts";
import type { ReportCheck, ReportRow, RowId } from "./report.ts";
import { rowDefinitions } from "./rows.ts";
import type { LabelledPicture, StudyData } from "./study_data.ts";

/** Nobody, and no recording, is trained on without labels and tested on. */
export function certificateCheck({ splits, windowsCompared, nearDuplicates }: SplitCertificate): ReportCheck {
  const [trained, ...others] = [splits.train, splits.validation, splits.test].map(({ subjects }) => subjects);
  const shared = others.flat().filter((subject) => trained.includes(subject)).length;
  return {
    name: "split certificate",
    must: "No subject of the transfer tasks, and no copy of a recording, may be among those trained on.",
    found: `${trained.length} and ${others.flat().length} subjects, ${shared} in both; of ` +
      `${
        windowsCompared.toLocaleString("en")
      } windows compared, ${nearDuplicates} pairs of scans share pictures or ` +
      "speech across the split.",
    holds: shared === 0 && nearDuplicates === 0,
  };
}

/** What cannot learn one batch by heart learns nothing else. */
export function overfitCheck({ passed, message }: GateFinding): ReportCheck {
  return {
    name: "one batch by heart",
    must: "Each loss of the paper's row must fall to near zero on a single batch.",
    found: message,
    holds: passed,
  };
}

const retrievalKeys = ["retrieval.conceptLiftSpeechToVideo", "retrieval.conceptLiftVideoToSpeech"];

/** What heard wrong pairs must find nothing. */
export function shuffledControl(rows: readonly ReportRow[]): ReportCheck[] {
  const row = rows.find(({ id }) => id === "shuffled");
  const figures = retrievalKeys.flatMap((key) => row?.figures[key] ?? []);
  if (figures.length === 0) return [];
  const percent = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)} %`;
  const found = figures.map(({ value, interval }) =>
    `${percent(value)} [${interval?.map(percent).join(", ") ?? "–"}]`
  );
  return [{
    name: "shuffled pairs at chance",
    must:
      "Retrieval by plane, both ways, must not be above that of dealt planes: the intervals must reach down to 0.",
    found: `Mean average precision above that of dealt planes: ${found.join(" and ")}.`,
    holds: figures.every(({ value, interval }) => (interval?.[0] ?? value) <= 0),
  }];
}

/** No single fact of a window may tell its plane. */
export function leakChecks(data: StudyData): ReportCheck[] {
  const pictures = data.pictures([...data.pretraining, ...data.transfer]);
  const leaks = scalarLeaks({
    facts: factsOf(pictures, data),
    labels: pictures.map(({ label }) => data.classes[label]),
    subjects: pictures.map(({ window }) => window.subject),
    seed: 1,
  });
  return leaks.map(({ fact, score, chance, limit, adjustedPValue, isLeak }) => ({
    name: `no leak through ${fact}`,
    must: "It alone must not tell the plane, on subjects it was not learned from.",
    found:
      `Balanced accuracy ${(100 * score).toFixed(1)} % beside ${(100 * chance).toFixed(1)} % by chance ` +
      `(95 of 100 chance deals stay below ${(100 * limit).toFixed(1)} %; adjusted p = ${
        adjustedPValue.toFixed(3)
      }).`,
    holds: !isLeak,
  }));
}

function factsOf(pictures: readonly LabelledPicture[], data: StudyData) {
  const seconds = new Map(data.dataset.scans().map(({ id, durationSeconds }) => [id, durationSeconds]));
  const truth = data.truth;
  return {
    "the picture's mean brightness": pictures.map(({ window, frame }) =>
      brightness(data, window.scanId, frame)
    ),
    "the share of speech": pictures.map(({ window }) => window.voicedFractionWebrtc),
    "the scan's length": pictures.map(({ window }) => seconds.get(window.scanId)!),
    "the window's place in its scan": pictures.map(({ window }) => window.startSeconds),
    ...truth && { "the voice": pictures.map(({ window }) => truth.get(window.id)!.voice) },
  };
}

function brightness({ dataset }: StudyData, scanId: string, frame: number): number {
  const values = dataset.readFrames(scanId, frame, 1);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The network must not go by who speaks or how the machine was set more than by anatomy. */
export function confoundChecks(confounds: ReadonlyMap<RowId, readonly Confound[]>): ReportCheck[] {
  return (["paper", "learned"] as const).flatMap((row) => {
    const found = confounds.get(row) ?? [];
    if (found.length === 0) return [];
    const alarms = found.filter(({ level }) => level === "alarm");
    const shown = alarms.length > 0 ? alarms : found.filter(({ level }) => level === "traces");
    return [{
      name: `no confound, ${rowDefinitions[row].title}`,
      must: "Embeddings must not tell voice, scanner settings or subject better than the anatomy.",
      found: shown.length > 0
        ? shown.map(({ verdict }) => verdict).join(" ")
        : "None of them is told above chance.",
      holds: alarms.length === 0,
    }];
  });
}
