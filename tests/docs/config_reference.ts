/**
 * The reference of all settings, made from the sources: sentences from `lib/config_types.ts`, ranges from
 * `lib/config_schema.ts`, defaults and presets from `lib/config_defaults.ts`.
 *
 * @module
 */

import {
  type Json,
  type JsonObject,
  prepareDefaults,
  preparePresets,
  runDefaults,
  runPresets,
} from "../../lib/config_defaults.ts";
import { prepareSchema, runSchema } from "../../lib/config_schema.ts";
import type { Preset } from "../../lib/config_types.ts";
import {
  type DocumentedProperty,
  documentedSymbols,
  firstParagraph,
  formatText,
  tableCell,
} from "./deno_tools.ts";

/** A valibot schema, as far as a range is read off it. */
interface RangeSchema {
  type: string;
  options?: readonly (RangeSchema | string)[];
  items?: readonly RangeSchema[];
  entries?: Record<string, RangeSchema>;
  pipe?: readonly RangeSchema[];
  requirement?: number;
}

/** What a setting may be, in words. */
export function rangeText(schema: RangeSchema): string {
  const parts = (schema.pipe ?? []).map(({ type, requirement }) => ({ type, requirement }));
  const bound = (type: string) => parts.find((part) => part.type === type)?.requirement;
  switch (schema.type) {
    case "picklist":
      return schema.options!.map((option) => `\`"${option}"\``).join(", ");
    case "boolean":
      return "`true`, `false`";
    case "strict_tuple":
      return `${schema.items!.length} × (${rangeText(schema.items![0])})`;
    case "union":
      return schema.options!.map((option) => rangeText(option as RangeSchema)).join(", or ");
    case "strict_object":
      return Object.entries(schema.entries!).map(([name, part]) => `\`${name}\`: ${rangeText(part)}`)
        .join("; ");
    case "number": {
      const limits = [
        [">", bound("gt_value")],
        ["≥", bound("min_value")],
        ["≤", bound("max_value")],
        ["<", bound("lt_value")],
      ].filter(([, value]) => value !== undefined);
      const kind = parts.some(({ type }) => type === "integer") ? "whole number" : "number";
      return [kind, limits.map(([sign, value]) => `${sign} ${value}`).join(", ")].filter(Boolean).join(" ");
    }
    default:
      throw new Error(`The configuration reference does not know schemas of type ${schema.type}`);
  }
}

/** A group of settings, or one setting, with its name as a path. */
interface Setting {
  path: string;
  sentence: string;
  /** Of a group of settings, its members. */
  members?: Setting[];
}

function settingsOf(properties: readonly DocumentedProperty[], above = ""): Setting[] {
  return properties.map(({ name, jsDoc, tsType }) => {
    const path = above + name;
    if (!jsDoc?.doc) throw new Error(`Setting ${path} has no sentence in lib/config_types.ts`);
    const isGroup = tsType?.kind === "typeLiteral";
    const members = (tsType?.value as { properties?: DocumentedProperty[] } | undefined)?.properties;
    const sentence = firstParagraph(jsDoc.doc);
    return isGroup ? { path, sentence, members: settingsOf(members!, `${path}.`) } : { path, sentence };
  });
}

function valueAt(values: Json | undefined, path: string): Json | undefined {
  return path.split(".").reduce<Json | undefined>(
    (value, key) => (value as JsonObject | undefined)?.[key],
    values,
  );
}

function schemaAt(schema: RangeSchema, path: string): RangeSchema {
  return path.split(".").reduce((at, key) => at.entries![key], schema);
}

/** What describes one kind of config. */
interface Described {
  schema: RangeSchema;
  defaults: JsonObject;
  presets: Record<Preset, JsonObject>;
}

function settingRow({ path, sentence }: Setting, { schema, defaults, presets }: Described): string {
  const shown = (value: Json) => `\`${JSON.stringify(value)}\``;
  const changed = Object.entries(presets).flatMap(([preset, changes]) => {
    const value = valueAt(changes, path);
    return value === undefined ? [] : [`${preset}: ${shown(value)}`];
  });
  const standard = [shown(valueAt(defaults, path)!), ...changed].join("; ");
  return `| \`${path}\` | ${standard} | ${rangeText(schemaAt(schema, path))} | ${tableCell(sentence)} |`;
}

/** The tables of a config: first its own settings, then a table a group. */
function tables(settings: readonly Setting[], described: Described): string[] {
  const single = settings.filter(({ members }) => !members);
  const head = ["| Setting | Default | Range | Meaning |", "| --- | --- | --- | --- |"];
  const own = single.length === 0 ? [] : [...head, ...single.map((one) => settingRow(one, described)), ""];
  const groups = settings.filter(({ members }) => members).flatMap(({ path, sentence, members }) => [
    `**\`${path}\`**: ${sentence}`,
    "",
    ...tables(members!, described),
  ]);
  return [...own, ...groups];
}

/** The document `docs/configuration.md`. */
export async function configReference(): Promise<string> {
  const symbols = await documentedSymbols("lib/config_types.ts");
  const propertiesOf = (name: string) =>
    symbols.find((symbol) => symbol.name === name)!.declarations[0].def!.properties!;
  const prepare = { schema: prepareSchema as unknown as RangeSchema, defaults: prepareDefaults };
  const run = { schema: runSchema as unknown as RangeSchema, defaults: runDefaults };
  return await formatText(
    [
      "# Configuration",
      "",
      "Written by `deno task docs` from `lib/config_types.ts`, `lib/config_schema.ts` and",
      "`lib/config_defaults.ts`; a test compares it with them.",
      "",
      "Settings are given in a JSON file (`--config FILE`) or one by one (`--set a.b=value`); what is given one by",
      "one counts more than the file, the file more than the preset, the preset more than the default. A name that",
      "is not known is refused with the nearest known one. What came of it is stored with the dataset or the run.",
      "",
      "## Of a dataset: `prepare`",
      "",
      ...tables(settingsOf(propertiesOf("PrepareConfig")), { ...prepare, presets: preparePresets }),
      "## Of a run: `train`",
      "",
      ...tables(settingsOf(propertiesOf("RunConfig")), { ...run, presets: runPresets }),
    ].join("\n"),
    "md",
  );
}
