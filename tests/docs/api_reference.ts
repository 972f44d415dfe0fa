/**
 * The index of the public API, made from the comments of what `mod.ts` exports.
 *
 * @module
 */

import {
  type DocumentedSymbol,
  documentedSymbols,
  firstParagraph,
  formatText,
  projectPath,
} from "./deno_tools.ts";

const kinds: Record<string, string> = {
  typeAlias: "type",
  moduleDoc: "module",
  namespace: "namespace",
};

function symbolLine({ name, declarations: [first] }: DocumentedSymbol): string {
  return `- \`${name}\` (${kinds[first.kind] ?? first.kind}): ${firstParagraph(first.jsDoc?.doc ?? "")}`;
}

/** Symbols by the folder of `lib` that defines them. */
function byFolder(symbols: readonly DocumentedSymbol[]): [string, DocumentedSymbol[]][] {
  const folderOf = ({ declarations: [{ location }] }: DocumentedSymbol) =>
    projectPath(location.filename).split("/").slice(0, -1).join("/") || "mod.ts";
  const ordered = symbols.toSorted((a, b) => a.name < b.name ? -1 : 1);
  return [...Map.groupBy(ordered, folderOf)].sort(([a], [b]) => a < b ? -1 : 1);
}

/** The document `docs/api.md`. */
export async function apiReference(): Promise<string> {
  const symbols = await documentedSymbols("mod.ts");
  const sections = byFolder(symbols).flatMap(([folder, members]) => [
    `## \`${folder}\``,
    "",
    ...members.map(symbolLine),
    "",
  ]);
  return await formatText(
    [
      "# API",
      "",
      "Written by `deno task docs` from the comments of what `mod.ts` exports; a test compares it with them. It is",
      "an index: parameters, shapes, units, errors, sources and examples are in the comments themselves.",
      "",
      "```sh",
      "deno doc --filter=train mod.ts     # one symbol, whole",
      "deno doc --html --name=Sonospeech --output=site mod.ts  # all of it as pages; open site/index.html",
      "```",
      "",
      ...sections,
    ].join("\n"),
    "md",
  );
}
