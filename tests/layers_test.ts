/** Which file may import which: the layers that ARCHITECTURE.md describes. @module */

import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The layer of each folder under `lib/`; files directly in `lib/` are layer 0. */
const libraryLayers: Record<string, number> = {
  media: 1,
  signal: 1,
  tensor: 1,
  records: 1,
  phantom: 1,
  data: 2,
  losses: 2,
  pacing: 2,
  models: 3,
  training: 4,
  evaluation: 4,
  export: 5,
  reproduction: 5,
  selftest: 7,
  service: 7,
  commands: 8,
  packaging: 8,
};

/** One import, with paths from the project's root. */
interface Import {
  from: string;
  to: string;
  isTypeOnly: boolean;
}

interface Part {
  /** What may import one another. */
  unit: string;
  layer: number;
}

/** The part of the project that a file belongs to, or nothing when no rule speaks of it. */
function partOf(path: string): Part | undefined {
  const [top, folder, rest] = path.split("/");
  if (path === "main.ts") return { unit: "main.ts", layer: 9 };
  if (path === "mod.ts") return { unit: "mod.ts", layer: 6 };
  if (top === "routes") return { unit: "routes", layer: 7 };
  if (top === "static") return { unit: "static", layer: 10 };
  if (top !== "lib") return undefined;
  if (rest === undefined) return { unit: "lib", layer: 0 };
  assert.ok(Object.hasOwn(libraryLayers, folder), `lib/${folder} must have a layer in tests/layers_test.ts`);
  return { unit: `lib/${folder}`, layer: libraryLayers[folder] };
}

/** What server and dashboard agree on: types alone, which know no others. */
const isContract = (path: string) =>
  path === "routes/contract.ts" || path === "routes/api_schema.ts" || path.startsWith("routes/wire/");

/** Says what is wrong with an import, or nothing. */
function violation({ from, to, isTypeOnly }: Import): string | undefined {
  const [importer, imported] = [partOf(from), partOf(to)];
  if (isContract(from)) {
    return isContract(to) && isTypeOnly ? undefined : "the contract may know only its own types";
  }
  if (!importer || importer.unit === imported?.unit) return undefined;
  if (to === "deno.json") return undefined;
  if (!imported) return "it must stay inside the layers";
  if (importer.unit === "static") {
    return isContract(to) && isTypeOnly
      ? undefined
      : "static may take only types, from routes/contract.ts, api_schema.ts and wire/";
  }
  if (importer.unit === "routes" && imported.unit !== "mod.ts") {
    return "routes may see the library only through mod.ts";
  }
  if (imported.unit === "static") {
    return importer.unit === "lib/packaging" ? undefined : "only packaging may import static, to build it";
  }
  return imported.layer < importer.layer ? undefined : "it must import lower layers only";
}

const importPattern =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\s+from\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/g;

/** The imports of a source text that lead to files of this project. */
function importsIn(from: string, source: string): Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "");
  return [...code.matchAll(importPattern)].flatMap(([, , type, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic;
    if (!specifier.startsWith(".")) return [];
    return [{ from, to: normalize(join(dirname(from), specifier)), isTypeOnly: type !== undefined }];
  });
}

function* sourceFiles(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(root, directory))) {
    const path = join(directory, name);
    if (isDirectory) yield* sourceFiles(path);
    else if (/\.tsx?$/.test(name)) yield path;
  }
}

const files = [
  "main.ts",
  "mod.ts",
  ...["lib", "routes", "static"].flatMap((top) => [...sourceFiles(top)]),
];

Deno.test("layers every file imports lower layers and its own folder only", () => {
  assert.ok(files.length > 30);
  const wrong: string[] = [];
  for (const file of files) {
    for (const one of importsIn(file, Deno.readTextFileSync(join(root, file)))) {
      const why = violation(one);
      if (why) wrong.push(`${one.from} imports ${one.to}: ${why}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("layers only main.ts and tests read arguments or the environment", () => {
  const readers = files.filter((file) =>
    /\bDeno\.(args|env)\b|\bprocess\.(argv|env)\b/.test(
      Deno.readTextFileSync(join(root, file)).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ""),
    )
  );
  assert.deepEqual(readers, ["main.ts"]);
});

Deno.test("violation() refuses what the layers forbid and allows what they allow", () => {
  const refused: Import[] = [
    { from: "lib/tensor/a.ts", to: "lib/models/b.ts", isTypeOnly: false },
    { from: "lib/tensor/a.ts", to: "lib/media/b.ts", isTypeOnly: true },
    { from: "lib/errors.ts", to: "lib/media/b.ts", isTypeOnly: false },
    { from: "routes/serve.ts", to: "lib/errors.ts", isTypeOnly: false },
    { from: "static/app/main.tsx", to: "routes/wire/runs.ts", isTypeOnly: false },
    { from: "static/app/main.tsx", to: "lib/errors.ts", isTypeOnly: true },
    { from: "static/app/main.tsx", to: "routes/guard.ts", isTypeOnly: true },
    { from: "routes/contract.ts", to: "routes/guard.ts", isTypeOnly: true },
    { from: "mod.ts", to: "routes/serve.ts", isTypeOnly: false },
    { from: "lib/commands/serve.ts", to: "main.ts", isTypeOnly: false },
    { from: "lib/commands/serve.ts", to: "lib/packaging/pack.ts", isTypeOnly: false },
    { from: "lib/commands/serve.ts", to: "static/build.ts", isTypeOnly: false },
    { from: "lib/data/a.ts", to: "tests/helpers/b.ts", isTypeOnly: false },
  ];
  for (const one of refused) assert.notEqual(violation(one), undefined, `${one.from} -> ${one.to}`);
  const allowed: Import[] = [
    { from: "lib/models/a.ts", to: "lib/tensor/b.ts", isTypeOnly: false },
    { from: "lib/tensor/executors/a.ts", to: "lib/tensor/b.ts", isTypeOnly: false },
    { from: "routes/serve.ts", to: "mod.ts", isTypeOnly: false },
    { from: "static/app/main.tsx", to: "routes/wire/runs.ts", isTypeOnly: true },
    { from: "routes/api_schema.ts", to: "routes/contract.ts", isTypeOnly: true },
    { from: "lib/commands/serve.ts", to: "routes/serve.ts", isTypeOnly: false },
    { from: "lib/packaging/app_bundle.ts", to: "static/build.ts", isTypeOnly: false },
  ];
  for (const one of allowed) assert.equal(violation(one), undefined, `${one.from} -> ${one.to}`);
});

Deno.test("importsIn() finds plain, type, re-exporting and dynamic imports, and none in comments", () => {
  const source = `/** import { a } from "./comment.ts"; */
import { b,
  type C } from "./b.ts";
import type { D } from "../d.ts";
import "./side.ts";
export * from "./all.ts";
export { e } from "./e.ts";
import commander from "commander";
const f = await import("./f.ts");
`;
  assert.deepEqual(importsIn("lib/x/y.ts", source), [
    { from: "lib/x/y.ts", to: "lib/x/b.ts", isTypeOnly: false },
    { from: "lib/x/y.ts", to: "lib/d.ts", isTypeOnly: true },
    { from: "lib/x/y.ts", to: "lib/x/side.ts", isTypeOnly: false },
    { from: "lib/x/y.ts", to: "lib/x/all.ts", isTypeOnly: false },
    { from: "lib/x/y.ts", to: "lib/x/e.ts", isTypeOnly: false },
    { from: "lib/x/y.ts", to: "lib/x/f.ts", isTypeOnly: false },
  ]);
});
