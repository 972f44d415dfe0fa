/**
 * What the evaluators demand of their input.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";

/** Refuses input on which a measure would be wrong or undefined. @throws SonospeechError `input` unless `holds`. */
export function need(holds: boolean, action: string, must: string, received?: unknown): asserts holds {
  if (!holds) throw new SonospeechError("input", { action, must, received });
}

/** Refuses arrays that do not have one entry per item. @throws SonospeechError `input` */
export function needSameLength(action: string, lengths: Record<string, number>): void {
  const values = Object.values(lengths);
  need(
    values.every((length) => length === values[0]),
    action,
    `${Object.keys(lengths).join(", ")} must be equally long`,
    values.join(", "),
  );
}
