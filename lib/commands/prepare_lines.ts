/**
 * What preparing tells, as lines on the user's own terminal: there, a scan is also named by its file.
 *
 * @module
 */

import type { PrepareEvent } from "../data/prepare.ts";
import type { ProgressPrinter } from "../progress.ts";

/** Shows progress, and whatever a user should be able to read afterwards as a line that stays. */
export function showPrepareEvent(event: PrepareEvent, printer: ProgressPrinter): void {
  if (event.kind === "progress") printer.show(event.progress);
  else if (event.kind === "warning") {
    const { scan, message } = event;
    printer.note(scan ? `${scan.scanId} (${scan.file}): ${message}` : message);
  } else if (event.kind === "quarantined") {
    const { record, file } = event;
    printer.note(`${file} was put aside: ${record.reason}, ${record.detail}`);
  }
}
