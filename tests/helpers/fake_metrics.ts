/** Metrics as a reproduction may report them. */

import type { MetricInfo } from "../../lib/reproduction/report.ts";

const saliencySource =
  "Bylinskii et al., What do different evaluation metrics tell us about saliency models?, 2019";

/** Each metric with its chance and where the rows lie, from random to supervised. */
export const fakeMetrics: [MetricInfo, number | null, number, number][] = [
  [
    metric(
      "planes.f1Macro13",
      "F1, macro over 13 planes",
      "share",
      "higher",
      "Mean over the planes of 2TP / (2TP + FP + FN) (Opitz and Burst, 2019).",
    ),
    0.066,
    0.402,
    0.861,
  ],
  [
    metric(
      "planes.f1Macro14",
      "F1, macro over 14 classes",
      "share",
      "higher",
      "The same with the background as a class.",
    ),
    0.071,
    0.43,
    0.874,
  ],
  [
    metric(
      "planes.precisionMacro13",
      "Precision, macro over 13 planes",
      "share",
      "higher",
      "Mean over the planes of TP / (TP + FP).",
    ),
    0.071,
    0.44,
    0.852,
  ],
  [
    metric(
      "planes.recallMacro13",
      "Recall, macro over 13 planes",
      "share",
      "higher",
      "Mean over the planes of TP / (TP + FN).",
    ),
    0.071,
    0.41,
    0.88,
  ],
  [
    metric(
      "gaze.kl",
      "KL divergence",
      "nats",
      "lower",
      `Σ g ln(g / m) from the gaze map g to the prediction m (${saliencySource}).`,
    ),
    2.31,
    1.9,
    0.94,
  ],
  [
    metric(
      "gaze.nss",
      "NSS",
      "number",
      "higher",
      `The map at the fixations in its standard deviations (${saliencySource}).`,
    ),
    0,
    0.61,
    2.44,
  ],
  [
    metric(
      "gaze.auc",
      "AUC (Judd)",
      "number",
      "higher",
      `Area under the ROC curve of fixated cells (${saliencySource}).`,
    ),
    0.5,
    0.71,
    0.942,
  ],
  [
    metric(
      "gaze.cc",
      "CC",
      "number",
      "higher",
      `Pearson’s correlation with the gaze map (${saliencySource}).`,
    ),
    0,
    0.18,
    0.63,
  ],
  [
    metric(
      "probe.f1Macro13",
      "F1 of a linear probe, macro over 13 planes",
      "share",
      "higher",
      "Logistic regression on frozen features.",
    ),
    0.066,
    0.21,
    0.83,
  ],
  [
    metric(
      "retrieval.videoToSpeech.recallAt5",
      "Recall@5, video to speech",
      "share",
      "higher",
      "Share of pictures whose own speech is among the best five.",
    ),
    0.0132,
    0.013,
    0.21,
  ],
  [
    metric(
      "retrieval.videoToSpeech.medianRank",
      "Median rank, video to speech",
      "rank",
      "lower",
      "Median rank of a picture’s own speech.",
    ),
    190.5,
    191.5,
    31,
  ],
  [
    metric(
      "affinity.auc",
      "AUC of learned affinity",
      "number",
      "higher",
      "How well the pace finds related windows.",
    ),
    0.5,
    0.5,
    0.87,
  ],
  [
    metric(
      "confounds.subject",
      "Subject told from features, linear probe",
      "share",
      "chance",
      "Accuracy of telling the subject from frozen features.",
    ),
    0.0417,
    0.043,
    0.048,
  ],
  [
    metric(
      "confounds.depth",
      "Depth setting, R² of a linear probe",
      "number",
      "chance",
      "Variance of the depth setting explained on other subjects.",
    ),
    0,
    -0.034,
    0.21,
  ],
];

function metric(
  key: string,
  title: string,
  unit: MetricInfo["unit"],
  better: MetricInfo["better"],
  definition: string,
): MetricInfo {
  const group = key.split(".")[0] as MetricInfo["group"];
  return { key, title, group, unit, better, definition, isPrimary: true };
}
