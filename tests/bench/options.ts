/**
 * The command line of `./run bench`.
 *
 * @module
 */

import { Command, CommanderError, Option } from "@commander-js/extra-typings";
import { parseCount, parseNames } from "../../lib/commands/options.ts";
import { SonospeechError } from "../../lib/errors.ts";
import { nearest } from "../../lib/nearest.ts";
import { type ModelName, modelNames } from "./bench_models.ts";
import { type EngineName, engineNames } from "./engine.ts";

/** What is measured, and how. */
export interface BenchOptions {
  models: readonly ModelName[];
  /** Names of parts; the default ones when left out. */
  only?: readonly string[];
  /** Which engines; what suits the machine and the model when left out. */
  engines?: readonly EngineName[];
  /** Pairs of a batch; the model's own when left out. */
  batch?: number;
  /** Rows and columns of the pictures of S and P. */
  size: number;
  /** Blocks of each engine. */
  rounds: number;
  /** Timed readings of a block. */
  steps: number;
  /** Steps from one reading of the objective to the next; what suits the machine when left out. */
  readEvery?: number;
  /** Seconds of timed steps of an engine on a model, about. */
  budget: number;
  /** The engine whose times the ratios are taken of. */
  peer?: EngineName;
  /** A checkout of another commit. */
  before?: string;
  /** A Python that has PyTorch; looked for when left out. */
  python?: string;
  /** A video that preparing is measured on. */
  video?: string;
  /** Training steps of the part soak. */
  soakSteps: number;
  json: boolean;
  write: boolean;
}

/** A command line that was understood: options, or help to print. */
export type CommandLine = { options: BenchOptions } | { help: string };

function buildCommand(partLines: readonly string[], print: (text: string) => void) {
  return new Command("./run bench")
    .description("Measures the program beside its peers, after checking that all compute the same.")
    .option("--model <names>", "models: S, P, tiny, small, paper", parseNames, ["S", "tiny"])
    .option("--only <names>", "parts, by the names below", parseNames)
    .option("--json", "print one JSON object instead of tables", false)
    .option("--write", "put the results into tests/bench/README.md and draw the plot", false)
    .option("--engines <names>", `of the step table: ${engineNames.join(", ")}`, parseNames)
    .option("--batch <pairs>", "of a batch (default: 32; small: 8, paper: 2)", parseCount)
    .option("--size <pixels>", "rows and columns of the pictures of S and P", parseCount, 64)
    .option("--rounds <count>", "blocks of each engine, which take turns", parseCount, 5)
    .option("--steps <count>", "timed readings of a block", parseCount, 3)
    .option("--read-every <steps>", "steps between readings (default: 1; 16 on a GPU)", parseCount)
    .option("--budget <seconds>", "of timed steps of an engine on a model, about", parseCount, 45)
    .option("--peer <engine>", "the engine that ratios are taken of")
    .option("--before <folder>", "a checkout of another commit, for the engine wasm-before")
    .option("--python <program>", "a Python that has PyTorch")
    .option("--video <file>", "what preparing is measured on (default: a synthetic scan)")
    .addOption(
      new Option("--soak-steps <count>", "training steps of the part soak").argParser(parseCount).default(
        10000,
      ),
    )
    .helpOption("-h, --help", "print help")
    .addHelpText("after", `\nParts (without * only when asked for):\n${partLines.join("\n")}`)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => {} });
}

/** A part as far as the command line knows it. */
interface NamedPart {
  name: string;
  title: string;
  isDefault: boolean;
}

/**
 * Reads the words after `./run bench`.
 *
 * @throws SonospeechError `usage` for an unknown option, a value that cannot be read, a name that is not known.
 */
export function parseBenchOptions(words: readonly string[], parts: readonly NamedPart[]): CommandLine {
  let help = "";
  const lines = parts.map(({ name, title, isDefault }) =>
    `  ${isDefault ? "*" : " "} ${name.padEnd(12)}${title}`
  );
  const command = buildCommand(lines, (text) => help += text);
  try {
    command.parse([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { help };
    if (error instanceof CommanderError || error instanceof RangeError) {
      refuse(error.message.replace(/^error: /, ""));
    }
    throw error;
  }
  const { model, only, engines, peer, ...others } = command.opts();
  return {
    options: {
      ...others,
      models: chosen("--model", model, modelNames),
      only: only && chosen("--only", only, parts.map(({ name }) => name)),
      engines: engines && chosen("--engines", engines, engineNames),
      peer: peer === undefined ? undefined : chosen("--peer", [peer], engineNames)[0],
    },
  };
}

function refuse(must: string, hint = '"./run bench --help" lists the options'): never {
  throw new SonospeechError("usage", { action: "run the benchmark", must, hint });
}

function chosen<T extends string>(option: string, given: readonly string[], known: readonly T[]): T[] {
  return given.map((name) => {
    const found = known.find((one) => one === name);
    if (found) return found;
    refuse(
      `${option} must name ${known.join(", ")}, received "${name}"`,
      `did you mean "${nearest(name, known)}"?`,
    );
  });
}
