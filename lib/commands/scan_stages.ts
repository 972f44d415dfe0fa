/**
 * Synthetic scans and their dataset with progress on the terminal, for commands that make their own data.
 *
 * @module
 */

import { join } from "node:path";
import { resolvePrepareConfig } from "../config.ts";
import { prepareDataset } from "../data/prepare.ts";
import { generatePhantom } from "../phantom/phantom.ts";
import type { PhantomOptions } from "../phantom/options.ts";
import { ProgressPrinter } from "../progress.ts";
import type { CommandContext } from "./plan.ts";
import { showPrepareEvent } from "./prepare_lines.ts";

/** Makes narrated synthetic scans; what was begun goes on. */
export async function makeScans(
  folder: string,
  options: PhantomOptions,
  context: CommandContext,
): Promise<void> {
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  for await (const progress of generatePhantom(folder, options, { signal: context.signal })) {
    printer.show(progress);
  }
  printer.clear();
}

/** Prepares the scans of a folder's manifest. @param settings As `--set` texts. */
export async function prepareScans(
  scans: string,
  dataset: string,
  settings: readonly string[],
  context: CommandContext,
): Promise<void> {
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  const config = resolvePrepareConfig({ set: settings });
  const inputs = [join(scans, "manifest.csv")];
  for await (const event of prepareDataset(inputs, dataset, config, { signal: context.signal })) {
    showPrepareEvent(event, printer);
  }
  printer.clear();
}
