/**
 * What Deno itself knows about the sources: their comments, and how documents are laid out.
 *
 * @module
 */

/** A type as `deno doc --json` tells it, as far as the references need it. */
export interface DocumentedType {
  kind: string;
  value?: unknown;
}

/** A property of an interface with its comment. */
export interface DocumentedProperty {
  name: string;
  jsDoc?: { doc?: string };
  tsType?: DocumentedType;
}

/** A symbol of a module with its comment; of overloads and merged declarations the first counts. */
export interface DocumentedSymbol {
  name: string;
  declarations: {
    location: { filename: string };
    jsDoc?: { doc?: string };
    kind: string;
    def?: { properties?: DocumentedProperty[]; isAsync?: boolean };
  }[];
}

const root = new URL("../../", import.meta.url);

async function askDeno(args: readonly string[], input?: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`deno ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** The exported symbols of a module, whose path is relative to the project's root. */
export async function documentedSymbols(path: string): Promise<DocumentedSymbol[]> {
  const { nodes } = JSON.parse(await askDeno(["doc", "--json", path]));
  const [module] = Object.values(nodes as Record<string, { symbols: DocumentedSymbol[] }>);
  return module.symbols;
}

/** A text as `deno fmt` lays it out in this project. */
export function formatText(text: string, extension: "md" | "json"): Promise<string> {
  return askDeno(["fmt", "--ext", extension, "-"], text);
}

/** A comment with links to symbols turned into their names. */
export function withoutLinks(doc: string): string {
  return doc.replaceAll(/\{@link(?:code)? ([^}\s]+)[^}]*\}/g, "`$1`");
}

/** The first paragraph of a comment as one line, with links to symbols turned into their names. */
export function firstParagraph(doc: string): string {
  return withoutLinks(doc.trim().split(/\n\s*\n/)[0].replaceAll(/\s+/g, " "));
}

/** A text that may stand in a cell of a table. */
export function tableCell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** A file's path below the project's root. */
export function projectPath(filename: string): string {
  return filename.slice(root.href.length);
}
