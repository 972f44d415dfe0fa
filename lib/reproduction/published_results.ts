/**
 * What the paper reports, to be shown beside one's own results.
 *
 * @see Jiao, Cai, Alsharid, Drukker, Papageorghiou and Noble, Self-supervised contrastive video-speech representation
 * learning for ultrasound, MICCAI 2020, LNCS 12263, 534–543, arXiv:2008.06607, tables 1 and 2.
 * @module
 */

import type { RowId } from "./report.ts";

/** Where the numbers are from. */
export const publishedSource =
  "Jiao et al., Self-Supervised Contrastive Video-Speech Representation Learning for Ultrasound, MICCAI 2020, " +
  "LNCS 12263, 534–543 (arXiv:2008.06607), tables 1 and 2";

/** A table as published. */
export interface PublishedTable {
  /** For people. */
  title: string;
  /** Names of the columns, and the row of the reproduction that is trained in the same way, where there is one. */
  columns: { title: string; counterpart: RowId | null }[];
  /** Numbers with their standard deviation over three folds, where the paper gives one, as printed. */
  rows: { title: string; values: string[] }[];
}

/** Both transfer tasks, by what the encoder was trained with. */
export const publishedTransfer: PublishedTable = {
  title: "Transfer to both tasks",
  columns: [
    { title: "Random", counterpart: "random" },
    { title: "Video only", counterpart: "video" },
    { title: "The method", counterpart: "paper" },
    { title: "ImageNet", counterpart: null },
    { title: "SonoNet", counterpart: "supervised" },
  ],
  rows: [
    {
      title: "Plane precision (%) ↑",
      values: ["70.4 ± 2.3", "71.9 ± 2.0", "72.7 ± 1.8", "74.6 ± 1.8", "82.3 ± 1.3"],
    },
    {
      title: "Plane recall (%) ↑",
      values: ["64.9 ± 1.6", "71.7 ± 3.5", "73.3 ± 2.4", "71.2 ± 1.9", "87.3 ± 1.1"],
    },
    {
      title: "Plane F1 (%) ↑",
      values: ["67.0 ± 1.3", "71.5 ± 2.4", "72.6 ± 1.7", "72.5 ± 1.8", "84.5 ± 0.9"],
    },
    {
      title: "Gaze KL ↓",
      values: ["3.94 ± 0.18", "3.57 ± 0.10", "3.05 ± 0.04", "3.95 ± 0.28", "3.14 ± 0.02"],
    },
    {
      title: "Gaze NSS ↑",
      values: ["1.47 ± 0.24", "1.86 ± 0.12", "2.68 ± 0.05", "1.72 ± 0.25", "2.62 ± 0.03"],
    },
    {
      title: "Gaze AUC ↑",
      values: ["0.90 ± 0.01", "0.91 ± 0.01", "0.95 ± 0.00", "0.89 ± 0.02", "0.94 ± 0.00"],
    },
    {
      title: "Gaze CC ↑",
      values: ["0.12 ± 0.02", "0.15 ± 0.01", "0.22 ± 0.00", "0.14 ± 0.02", "0.21 ± 0.00"],
    },
    {
      title: "Gaze SIM ↑",
      values: ["0.05 ± 0.01", "0.08 ± 0.01", "0.11 ± 0.00", "0.08 ± 0.01", "0.12 ± 0.00"],
    },
  ],
};

/** What each part of the method adds. */
export const publishedAblation: PublishedTable = {
  title: "Parts of the method",
  columns: [
    { title: "Correlation only", counterpart: "correlation" },
    { title: "+ contrast", counterpart: "contrastive" },
    { title: "+ affinity, with order", counterpart: "paper" },
  ],
  rows: [
    { title: "Plane F1 (%) ↑", values: ["69.8", "70.9", "72.6"] },
    { title: "Gaze KL ↓", values: ["3.96", "3.43", "3.05"] },
    { title: "Gaze NSS ↑", values: ["1.76", "2.23", "2.68"] },
  ],
};
