/**
 * Markup whose every inserted text is escaped.
 *
 * @module
 */

import { html as template } from "hono/html";

/** A piece of HTML or SVG that is safe to insert as it is. */
export type Markup = Exclude<ReturnType<typeof template>, Promise<unknown>>;

/**
 * Markup from a template: strings are escaped, {@linkcode Markup} is inserted as it is, lists are joined, and null,
 * undefined and booleans leave nothing.
 *
 * @throws TypeError when a value is a promise or a number that is not finite, for neither can be shown.
 */
export function html(strings: TemplateStringsArray, ...values: unknown[]): Markup {
  const broken = values.flat(Infinity).find((value) => typeof value === "number" && !Number.isFinite(value));
  if (broken !== undefined) {
    throw new TypeError(`Cannot write markup: numbers must be finite, received ${broken}`);
  }
  const markup = template(strings, ...values);
  if (markup instanceof Promise) throw new TypeError("Cannot write markup: promises cannot be inserted");
  return markup;
}

/** A coordinate or length with at most two decimals. */
export function coordinate(value: number): number {
  return Math.round(100 * value) / 100 + 0;
}

/** The text, cut with "…" when it is longer than `limit` characters. */
export function shortened(text: string, limit: number): string {
  const characters = [...text];
  return characters.length <= limit ? text : characters.slice(0, limit - 1).join("").trimEnd() + "…";
}
