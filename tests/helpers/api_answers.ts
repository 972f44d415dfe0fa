/** Answers of the server beside what `routes/openapi.json` says of them. */

import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import openApi from "../../routes/openapi.json" with { type: "json" };
import type { ApiDocument, Operation, Schema } from "../docs/api_document.ts";

export const apiDocument = openApi as unknown as ApiDocument;

/** An operation, where it lies and how it is asked for. */
export interface Documented {
  path: string;
  method: string;
  operation: Operation;
}

export const documented: Documented[] = Object.entries(apiDocument.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({ path, method, operation }))
);

/** The schema with which a status is answered in a form; none where the document has none. */
export function answerSchema({ operation }: Documented, status: number, type: string): Schema | undefined {
  const answer = operation.responses[status] ?? operation.responses.default;
  const { content } = "$ref" in answer ? apiDocument.components.responses.Problem : answer;
  return content?.[type]?.schema;
}

/** Others may meet properties that they do not know; the server may send none that the contract does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, closed(part)]));
  const isOpen = parts.type === "object" && "properties" in parts && !("additionalProperties" in parts);
  return isOpen ? { ...parts, additionalProperties: false } : parts;
}

const ajv = new Ajv2020({ strict: true, strictTuples: false, strictTypes: false, allErrors: true });
ajv.addSchema({ $id: "api", components: closed(apiDocument.components) } as object);
ajv.addKeyword("components");

/** Checks a value against a schema of the document. */
export function assertMatches(value: unknown, schema: Schema | undefined, what: string): void {
  assert.ok(schema, `${what} has a schema`);
  const own = JSON.stringify(closed(schema)).replaceAll('"#/', '"api#/');
  const validate = ajv.compile(JSON.parse(own));
  assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors?.slice(0, 5), null, 1)}`);
}
