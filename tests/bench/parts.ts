/**
 * The parts of the benchmark, in the order they are run.
 *
 * @module
 */

import type { Part } from "./part.ts";
import { mapPart, retrievalPart } from "./parts/evaluating.ts";
import { growthPart } from "./parts/growth.ts";
import { loadingPart } from "./parts/loading.ts";
import { overheadPart } from "./parts/overhead.ts";
import { preparingPart } from "./parts/preparing.ts";
import { soakPart } from "./parts/soak.ts";
import { stepsPart } from "./parts/steps.ts";
import { throughputPart } from "./parts/throughput.ts";
import { viewersPart } from "./parts/viewers.ts";

/** All parts. */
export const parts: readonly Part[] = [
  stepsPart,
  throughputPart,
  overheadPart,
  growthPart,
  preparingPart,
  loadingPart,
  retrievalPart,
  mapPart,
  viewersPart,
  soakPart,
];
