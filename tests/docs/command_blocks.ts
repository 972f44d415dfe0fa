/**
 * The commands that a document tells its readers to type.
 *
 * @module
 */

/** One block of commands. */
export interface CommandBlock {
  /** Line of the document where it begins, from 1. */
  line: number;
  /** Commands, one a line of the shell; continued lines are joined. */
  commands: string[];
  /** The test that runs it instead of the documents' own, where a comment before it names one. */
  testedBy: string | null;
  /** Why nobody can run it in a test, where a comment before it says so; its grammar is still checked. */
  notRun: string | null;
}

const marks = /<!-- (tested by|not run): ([^>]+) -->\s*$/;

/**
 * Finds the blocks marked as `sh`.
 *
 * A comment `<!-- tested by: FILE -->` on the line before a block names the test that runs it, and
 * `<!-- not run: REASON -->` keeps it from being run at all.
 */
export function commandBlocks(markdown: string): CommandBlock[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => {
    const before = markdown.slice(0, match.index);
    const [, kind, text] = marks.exec(before) ?? [];
    return {
      line: before.split("\n").length,
      commands: commandsOf(match[1]),
      testedBy: kind === "tested by" ? text : null,
      notRun: kind === "not run" ? text : null,
    };
  });
}

function commandsOf(block: string): string[] {
  return block.replaceAll(/\\\n\s*/g, "").split("\n").filter((line) => !/^\s*(#|$)/.test(line));
}
