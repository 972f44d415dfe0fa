/**
 * Settings of runs side by side.
 *
 * @module
 */

/** One setting and what it is in each run; a missing one is an empty text. */
export interface ConfigRow {
  key: string;
  values: string[];
  differs: boolean;
}

/** All settings of all runs by dotted name, in the order of the first run. */
export function configRows(configs: readonly Record<string, unknown>[]): ConfigRow[] {
  const flat = configs.map((config) => new Map(leaves(config)));
  const keys = [...new Set(flat.flatMap((settings) => [...settings.keys()]))];
  return keys.map((key) => {
    const values = flat.map((settings) => settings.get(key) ?? "");
    return { key, values, differs: new Set(values).size > 1 };
  });
}

/** Lists are values, objects are not. */
function leaves(value: unknown, path = ""): [string, string][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [[path, typeof value === "string" ? value : JSON.stringify(value)]];
  }
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === "" ? key : `${path}.${key}`));
}
