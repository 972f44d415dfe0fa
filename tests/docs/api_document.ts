/**
 * The OpenAPI document of the server, made from the contract's types and their comments: `routes/openapi.json`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";
import config from "../../deno.json" with { type: "json" };
import { formatText, withoutLinks } from "./deno_tools.ts";

/** A JSON schema (draft 2020-12), as far as it is looked at here. */
export interface Schema {
  description?: string;
  type?: string;
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  $ref?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
}

/** A parameter in a path or a query. */
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description?: string;
  schema: Schema;
}

interface Content {
  description: string;
  content?: Record<string, { schema: Schema }>;
}

/** What may be done at an address. */
export interface Operation {
  operationId: string;
  tags: string[];
  summary?: string;
  security?: Record<string, never[]>[];
  /** The least role that it is for; none where nobody need sign in. */
  "x-role"?: "viewer" | "operator";
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, Content | { $ref: string }>;
}

/** An OpenAPI document, version 3.1. */
export interface ApiDocument {
  openapi: string;
  info: Record<string, unknown>;
  servers: { url: string; description: string }[];
  tags: { name: string; description?: string }[];
  security: Record<string, never[]>[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    responses: Record<string, Content>;
    securitySchemes: Record<string, Record<string, string>>;
  };
}

const root = new URL("../../", import.meta.url);
const refPrefix = "#/components/schemas/";

/** The schemas of the contract and of all that it names, with references as OpenAPI writes them. */
function contractSchemas(): Record<string, Schema> {
  const generator = createGenerator({
    path: fileURLToPath(new URL("routes/{contract,wire/*}.ts", root)),
    tsconfig: fileURLToPath(new URL("tests/docs/api_document_tsconfig.json", root)),
    expose: "export",
    jsDoc: "extended",
    topRef: false,
    additionalProperties: true,
    sortProps: false,
    skipTypeCheck: true,
  });
  const schemas: Record<string, unknown> = {};
  for (const name of ["Contract", "PathParameters", "Problem"]) {
    const { $schema: _, definitions, ...schema } = generator.createSchema(name);
    Object.assign(schemas, definitions, { [name]: schema });
  }
  return JSON.parse(JSON.stringify(schemas, asInOpenApi));
}

/** The generator writes draft 7; of what is used, only references and tuples are other in draft 2020-12. */
function asInOpenApi(key: string, value: unknown): unknown {
  if (key === "$ref") return decodeURIComponent(String(value)).replace("#/definitions/", refPrefix);
  if (key === "description" && typeof value === "string") return withoutLinks(value);
  if (typeof value === "object" && value !== null && "items" in value && Array.isArray(value.items)) {
    return { ...value, items: undefined, prefixItems: value.items };
  }
  return value;
}

/** Reads the contract: it is no schema of something sent, but what all others are found through. */
class ContractReader {
  readonly #schemas = contractSchemas();

  /** What a schema refers to. */
  resolved(schema: Schema): Schema {
    return schema.$ref ? this.#schemas[schema.$ref.slice(refPrefix.length)] : schema;
  }

  /** The groups of routes: where each lies, and its routes by name. */
  *groups(): Generator<
    { prefix: string; name: string; description?: string; routes: Record<string, Schema> }
  > {
    for (const [prefix, group] of Object.entries(this.#schemas.Contract.properties!)) {
      const { description, properties = {} } = this.resolved(group);
      const name = group.$ref!.slice(refPrefix.length).replace(/Routes$/, "").toLowerCase();
      yield { prefix, name, description, routes: properties };
    }
  }

  /** Parameters of a path with a `:name` for each. */
  pathParameters(path: string): Parameter[] {
    const known = this.#schemas.PathParameters.properties!;
    return [...path.matchAll(/:(\w+)/g)].map(([, name]) => {
      const { description } = known[name];
      return { name, in: "path", required: true, description, schema: { type: "string" } };
    });
  }

  queryParameters(query: Schema | undefined): Parameter[] {
    if (!query) return [];
    const { properties = {}, required = [] } = this.resolved(query);
    return Object.entries(properties).map(([name, { description, ...schema }]) => {
      return { name, in: "query", required: required.includes(name), description, schema };
    });
  }

  /** The schemas of what goes over the wire. */
  wireSchemas(roots: unknown): Record<string, Schema> {
    const found = new Map<string, Schema>();
    const visit = (value: unknown) => {
      for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        if (found.has(name)) continue;
        found.set(name, this.#schemas[name]);
        visit(this.#schemas[name]);
      }
    };
    visit(roots);
    return Object.fromEntries([...found].sort(([a], [b]) => a < b ? -1 : 1));
  }
}

function answersOf(
  { answer, media, data, status, refusal }: Record<string, Schema | undefined>,
): Operation["responses"] {
  const answers: Operation["responses"] = { default: { $ref: "#/components/responses/Problem" } };
  const json = (schema: Schema) => ({ "application/json": { schema } });
  if (refusal) {
    const problem = { "application/problem+json": { schema: { $ref: `${refPrefix}Problem` } } };
    answers[400] = {
      description: "What keeps it from being done.",
      content: { ...json(refusal), ...problem },
    };
  }
  if (answer) {
    answers[String(status?.const ?? 200)] = { description: "The answer.", content: json(answer) };
  } else if (media) {
    const content = { [String(media.const)]: { schema: data ?? { type: "string" } } };
    answers[200] = { description: "The answer.", content };
  } else answers[204] = { description: "Done." };
  return answers;
}

const anyFile = ["audio/*", "video/*", "image/*", "application/ogg"];

function bodyOf({ body, file }: Record<string, Schema | undefined>): Pick<Operation, "requestBody"> {
  if (!body) return {};
  const content: Record<string, { schema: Schema }> = { "application/json": { schema: body } };
  if (file) { for (const type of anyFile) content[type] = { schema: {} }; }
  return { requestBody: { required: true, content } };
}

/** As `getRunsRunSeries`: of `/runs/:run/series`. */
function operationId(method: string, path: string): string {
  return method + path.replaceAll(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Whoever is signed in may read, and only operators change anything, unless the contract says otherwise. */
function roleOf({ role }: Record<string, Schema | undefined>, isReading: boolean): "viewer" | "operator" {
  const said = role?.const ?? (isReading ? "viewer" : "operator");
  assert.ok(said === "viewer" || said === "operator", `a role, received ${said}`);
  return said;
}

/** The paths of the document. */
function pathsOf(reader: ContractReader): { paths: ApiDocument["paths"]; tags: ApiDocument["tags"] } {
  const paths: ApiDocument["paths"] = {};
  const tags = new Map<string, string | undefined>();
  for (const { prefix, name: tag, description, routes } of reader.groups()) {
    tags.set(tag, description);
    for (const [name, route] of Object.entries(routes)) {
      const [method, rest] = name.split(" ");
      const path = prefix + (rest === "/" ? "" : rest);
      const parts = route.properties ?? {};
      const isReading = method === "GET";
      const at = paths[path.replaceAll(/:(\w+)/g, "{$1}")] ??= {};
      at[method.toLowerCase()] = {
        operationId: operationId(method.toLowerCase(), path),
        tags: [tag],
        summary: route.description,
        ...parts.open ? { security: [] } : isReading ? {} : { security: [{ session: [], csrf: [] }] },
        ...parts.open ? {} : { "x-role": roleOf(parts, isReading) },
        parameters: [...reader.pathParameters(path), ...reader.queryParameters(parts.query)],
        ...bodyOf(parts),
        responses: answersOf(parts),
      };
    }
  }
  return { paths, tags: [...tags].map(([name, description]) => ({ name, description })) };
}

const securitySchemes = {
  session: {
    type: "apiKey",
    in: "cookie",
    name: "sonospeech_session",
    description:
      "Set by `POST /session`. Without secrets the server takes everybody who reaches it for an operator.",
  },
  csrf: {
    type: "apiKey",
    in: "header",
    name: "x-csrf-token",
    description: "The `csrfToken` of `GET /session`, with everything that is not only read.",
  },
};

/** The document `routes/openapi.json`, as text. */
export async function apiDocument(): Promise<string> {
  const reader = new ContractReader();
  const { paths, tags } = pathsOf(reader);
  const problem = { $ref: `${refPrefix}Problem` };
  const document: ApiDocument = {
    openapi: "3.1.1",
    info: {
      title: "Sonospeech's dashboard",
      version: config.version,
      description: "What the dashboard asks its server. Made from `routes/contract.ts` by `deno task docs`.",
      license: { name: config.license, identifier: config.license },
    },
    servers: [{ url: "../api", description: "The folder of this document." }],
    tags,
    security: [{ session: [] }],
    paths,
    components: {
      schemas: reader.wireSchemas([paths, problem]),
      securitySchemes,
      responses: {
        Problem: {
          description: "A refusal (RFC 9457).",
          content: { "application/problem+json": { schema: problem } },
        },
      },
    },
  };
  return await formatText(JSON.stringify(document), "json");
}
