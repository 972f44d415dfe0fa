/**
 * The numbers of a report: their names, what is good, and the baselines' levels.
 *
 * @module
 */

import type { MetricInfo } from "./report.ts";

const info = (
  key: string,
  title: string,
  definition: string,
  rest: Partial<Omit<MetricInfo, "key" | "title" | "group" | "definition">> = {},
): MetricInfo => ({
  key,
  title,
  definition,
  group: key.split(".")[0] as MetricInfo["group"],
  unit: "share",
  better: "higher",
  isPrimary: true,
  ...rest,
});
const aside = { isPrimary: false };

/** Every metric, in the order of the report. */
export const metricInfos: readonly MetricInfo[] = [
  info(
    "planes.precision13",
    "precision, macro without background",
    "Mean over the planes, background left out, of the share of right answers among a plane's answers.",
  ),
  info(
    "planes.recall13",
    "recall, macro without background",
    "Mean over the planes, background left out, of the share of a plane's pictures that are answered right.",
  ),
  info(
    "planes.f1Macro13",
    "F1, macro without background",
    "Mean over the planes, background left out, of the harmonic mean of precision and recall (Opitz and Burst, 2019).",
  ),
  info(
    "planes.precision14",
    "precision, macro with background",
    "The same precision with background as one more class.",
    aside,
  ),
  info(
    "planes.recall14",
    "recall, macro with background",
    "The same recall with background as one more class: balanced accuracy.",
    aside,
  ),
  info(
    "planes.f1Macro14",
    "F1, macro with background",
    "The same F1 with background as one more class; the paper's tables mix both averages.",
  ),
  info(
    "planes.accuracy",
    "accuracy",
    "Share of the pictures that are answered right; chance is the most frequent class.",
    aside,
  ),
  info(
    "gaze.klDivergence",
    "KL divergence",
    "Kullback-Leibler divergence of the predicted map from the gaze map (Bylinskii et al., 2019).",
    { unit: "nats", better: "lower" },
  ),
  info(
    "gaze.nss",
    "NSS",
    "Normalized scanpath saliency: the standardized map's mean at the fixations (Peters et al., 2005).",
    { unit: "number" },
  ),
  info(
    "gaze.aucJudd",
    "AUC (Judd)",
    "Area under the ROC curve of fixated cells against all others (Judd et al., 2009).",
  ),
  info("gaze.aucBorji", "AUC (Borji)", "The same against cells drawn at random (Borji et al., 2013).", aside),
  info("gaze.correlation", "CC", "Pearson's correlation of the predicted and the gaze map.", {
    unit: "number",
  }),
  info("gaze.similarity", "SIM", "Sum over cells of the smaller of both maps, each summing to 1.", {
    unit: "number",
  }),
  info(
    "probe.linearF1Macro13",
    "linear probe, F1 without background",
    "Macro F1 of a logistic regression on frozen features (Alain and Bengio, 2016), background left out.",
  ),
  info("probe.linearF1Macro14", "linear probe, F1 with background", "The same with background.", aside),
  info(
    "probe.neighboursF1Macro13",
    "nearest neighbours, F1 without background",
    "Macro F1 of the 20 nearest neighbours by cosine on frozen features (Wu et al., 2018), background left out.",
  ),
  info(
    "probe.neighboursF1Macro14",
    "nearest neighbours, F1 with background",
    "The same with background.",
    aside,
  ),
  info(
    "retrieval.conceptLiftSpeechToVideo",
    "speech finds planes, mAP above that of dealt planes",
    "The mean average precision below, less what the same ranking gives when it is asked for the planes of all queries.",
    { unit: "number" },
  ),
  info(
    "retrieval.conceptLiftVideoToSpeech",
    "planes find speech, mAP above that of dealt planes",
    "The mean average precision below, less what the same ranking gives when it is asked for the planes of all queries.",
    { unit: "number" },
  ),
  info(
    "retrieval.conceptMapSpeechToVideo",
    "speech finds planes, mAP",
    "Mean average precision of finding other scans' windows of the plane that speech is about, by cosine; chance asks the same rankings for planes dealt out anew.",
  ),
  info(
    "retrieval.conceptMapVideoToSpeech",
    "planes find speech, mAP",
    "Mean average precision of finding other scans' speech about the plane that is seen, by cosine; chance as above.",
  ),
  info(
    "retrieval.recallAt1SpeechToVideo",
    "speech finds planes, R@1 by plane",
    "Share of the speech whose nearest window of another scan shows the plane.",
    aside,
  ),
  info(
    "retrieval.recallAt1VideoToSpeech",
    "planes find speech, R@1 by plane",
    "Share of the windows whose nearest speech of another scan is about the plane.",
    aside,
  ),
  info(
    "retrieval.instanceRecallAt10SpeechToVideo",
    "speech finds its own window, R@10",
    "Share of the speech whose own window is among the ten nearest of all.",
  ),
  info(
    "retrieval.instanceRecallAt10VideoToSpeech",
    "a window finds its own speech, R@10",
    "Share of the windows whose own speech is among the ten nearest of all.",
  ),
  info(
    "retrieval.medianRankSpeechToVideo",
    "median rank of the own window",
    "Median place of the own window among all.",
    {
      unit: "rank",
      better: "lower",
      ...aside,
    },
  ),
  info(
    "retrieval.medianRankVideoToSpeech",
    "median rank of the own speech",
    "Median place of the own speech among all.",
    {
      unit: "rank",
      better: "lower",
      ...aside,
    },
  ),
  info(
    "affinity.heldOutAuc",
    "agreement finds related speech, AUC",
    "Area under the ROC curve of the cosine of a window's own pair, for whether its speech is about the picture.",
    { unit: "number" },
  ),
  info(
    "confounds.voiceInSpeech",
    "voice told from speech embeddings, balanced accuracy",
    "How well a linear probe on speech embeddings names the voice, on other subjects.",
    {
      better: "chance",
    },
  ),
  info(
    "confounds.voiceInVideo",
    "voice told from video embeddings, balanced accuracy",
    "How well a linear probe on video embeddings names the voice, on other subjects.",
    { better: "chance" },
  ),
  info(
    "confounds.subjectInVideo",
    "subject told from video embeddings, balanced accuracy",
    "How well a linear probe on video embeddings names the subject, at other times of the scan.",
    {
      better: "chance",
    },
  ),
  info(
    "confounds.subjectInSpeech",
    "subject told from speech embeddings, balanced accuracy",
    "How well a linear probe on speech embeddings names the subject, at other times of the scan.",
    {
      better: "chance",
      ...aside,
    },
  ),
];
