/**
 * Writes the documents that are made from the sources: `deno task docs`.
 *
 * @module
 */

import { apiDocument } from "./api_document.ts";
import { apiReference } from "./api_reference.ts";
import { configReference } from "./config_reference.ts";

/** The documents by their file, from the project's root. */
export const references: Record<string, () => Promise<string>> = {
  "docs/api.md": apiReference,
  "docs/configuration.md": configReference,
  "routes/openapi.json": apiDocument,
};

if (import.meta.main) {
  for (const [name, make] of Object.entries(references)) {
    await Deno.writeTextFile(new URL(`../../${name}`, import.meta.url), await make());
  }
}
