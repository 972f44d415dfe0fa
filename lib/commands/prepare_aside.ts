/**
 * Videos prepared for one use.
 *
 * @module
 */

import type { PrepareConfig } from "../config.ts";
import type { MaskedScan } from "../data/known_masks.ts";
import { prepareDataset } from "../data/prepare.ts";
import { SonospeechError } from "../errors.ts";
import { ProgressPrinter } from "../progress.ts";
import type { CommandContext } from "./plan.ts";
import { showPrepareEvent } from "./prepare_lines.ts";

/** As what they are prepared. */
export interface Likeness {
  /** The settings of the dataset that they are to be like. */
  config: PrepareConfig;
  /** Its scans, whose masks they get. */
  scans: readonly MaskedScan[];
  /** Files of masks that go before those. */
  masks?: readonly string[];
}

/**
 * Prepares inputs into a folder, telling what is put aside.
 *
 * @throws SonospeechError `input` when not one of them could be used.
 */
export async function prepareInto(
  folder: string,
  inputs: readonly string[],
  { config, scans: like, masks }: Likeness,
  context: CommandContext,
): Promise<void> {
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  let scans = 0;
  try {
    for await (
      const event of prepareDataset(inputs, folder, config, { like, masks, signal: context.signal })
    ) {
      showPrepareEvent(event, printer);
      if (event.kind === "summary") scans = event.summary.scans;
    }
  } finally {
    printer.clear();
  }
  if (scans > 0) return;
  throw new SonospeechError("input", {
    action: "use the inputs",
    must: "at least one of them must be a scan with pictures and sound",
    received: "none",
  });
}
