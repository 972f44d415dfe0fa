/**
 * Route `/api/runs/:run/certificate`: what the run's split certificate says, in counts; digests of subjects stay here.
 *
 * @module
 */

import { Hono } from "hono";
import { readCertificate, type SplitCertificate } from "../mod.ts";
import { Refusal } from "./guard.ts";
import type { RunLibrary } from "./run_library.ts";
import type { CertificateAnswer, CertificateWire } from "./wire/datasets.ts";

/** The route of a run's certificate; mount it where the path has a `:run`. */
export function certificateRoutes(runs: RunLibrary) {
  return new Hono().get("/", async (c) => {
    const name = c.req.param("run") ?? "";
    const folder = await runs.folder(name);
    const { datasetId } = await runs.record(name);
    return c.json(await answerOf(folder, datasetId));
  });
}

async function answerOf(folder: string, datasetId?: string): Promise<CertificateAnswer> {
  try {
    const certificate = await readCertificate(folder);
    return { certificate: certificate && toWire(certificate, datasetId) };
  } catch {
    throw new Refusal(503, "The run's certificate.json cannot be read; continuing the run writes it again.");
  }
}

function toWire(certificate: SplitCertificate, datasetId?: string): CertificateWire {
  const { version, splits, windowsCompared, nearDuplicates, rules } = certificate;
  const rule = (
    { segmentCells, surroundingCells, cellSeconds, segmentCorrelation }: typeof rules.pictures,
  ) => ({
    segmentSeconds: segmentCells * cellSeconds,
    surroundingSeconds: surroundingCells * cellSeconds,
    leastCorrelation: segmentCorrelation,
  });
  return {
    version,
    isOfDataset: certificate.datasetId === datasetId,
    splits: Object.entries(splits).map(([split, { subjects, scans, windows }]) => ({
      split,
      subjects: subjects.length,
      scans,
      windows,
    })),
    windowsCompared,
    nearDuplicates,
    pictures: rule(rules.pictures),
    speech: rule(rules.speech),
  };
}
