/**
 * The rows of the comparison: what each one's encoder is trained with before the transfer tasks.
 *
 * @module
 */

import type { RowId } from "./report.ts";

/** How a row's encoder comes to its parameters. */
export interface RowDefinition {
  /** For people. */
  title: string;
  /** One sentence for the report. */
  description: string;
  /** Random values; the events of `train`; or plane labels of the same subjects. */
  training: "none" | "selfSupervised" | "supervised";
  /** Settings that make the row, as `--set` texts over those that all rows share. */
  settings: readonly string[];
  /** Whether each scan hears the speech of another subject's scan. */
  shufflesSpeech: boolean;
  /** Whether it is there to fail: it takes no part in the transfer tasks. */
  isControl: boolean;
  /** Whether its projections were trained, so that retrieval means something. */
  retrieves: boolean;
}

const off = (...losses: string[]) => losses.map((loss) => `losses.${loss}Weight=0`);

/** Every row, in the order of the paper's tables, ours behind. */
export const rowDefinitions: Readonly<Record<RowId, RowDefinition>> = {
  random: {
    title: "random initialisation",
    description: "An encoder that was not trained before the transfer tasks.",
    training: "none",
    settings: [],
    shufflesSpeech: false,
    isControl: false,
    retrieves: false,
  },
  video: {
    title: "video only (L_ord)",
    description: "Puts shuffled frames back in order; hears nothing.",
    training: "selfSupervised",
    settings: [...off("correlation", "contrastive"), "pacing.kind=none"],
    shufflesSpeech: false,
    isControl: false,
    retrieves: false,
  },
  correlation: {
    title: "L_cls",
    description:
      "Tells speech of the same window from speech of a near one (equation 1); every window counts.",
    training: "selfSupervised",
    settings: [...off("contrastive", "order"), "pacing.kind=none"],
    shufflesSpeech: false,
    isControl: false,
    retrieves: false,
  },
  contrastive: {
    title: "L_cls + L_cont",
    description: "Adds cross-modal contrast (equation 2, stable form); every window counts.",
    training: "selfSupervised",
    settings: [...off("order"), "pacing.kind=none"],
    shufflesSpeech: false,
    isControl: false,
    retrieves: true,
  },
  paper: {
    title: "+ affinity and L_ord (the paper)",
    description:
      "All three losses; windows without speech are kept for frame order alone (the two affinity levels).",
    training: "selfSupervised",
    settings: ["pacing.kind=voice"],
    shufflesSpeech: false,
    isControl: false,
    retrieves: true,
  },
  learned: {
    title: "+ learned pace (ours)",
    description: "The same with affinities learned in training instead of voice activity alone.",
    training: "selfSupervised",
    settings: ["pacing.kind=learned"],
    shufflesSpeech: false,
    isControl: false,
    retrieves: true,
  },
  supervised: {
    title: "supervised reference",
    description: "Trained on the plane labels of the subjects that the other rows see without labels.",
    training: "supervised",
    settings: [],
    shufflesSpeech: false,
    isControl: false,
    retrieves: false,
  },
  shuffled: {
    title: "control: shuffled pairs",
    description: "As the paper's row, but every scan hears another subject's speech: nothing to be learned.",
    training: "selfSupervised",
    settings: ["pacing.kind=voice"],
    shufflesSpeech: true,
    isControl: true,
    retrieves: true,
  },
};
