/**
 * The command line: from words to a plan.
 *
 * To add a command, write its definition in a file of its own and list it in `commands`.
 *
 * @module
 */

import { Command, CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import project from "../../deno.json" with { type: "json" };
import { exitCodes, SonospeechError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { demoCommand } from "./demo.ts";
import { doctorCommand } from "./doctor.ts";
import { embedCommand } from "./embed.ts";
import { evaluateCommand } from "./evaluate.ts";
import { exportCommand } from "./export.ts";
import { cacheVariables } from "./measurements.ts";
import { importCommand } from "./import.ts";
import { maskCommand } from "./mask.ts";
import { permissionFlags, shellWord } from "./permission_flags.ts";
import { phantomCommand } from "./phantom.ts";
import type { CommandContext, CommandDefinition, Plan } from "./plan.ts";
import { prepareCommand } from "./prepare.ts";
import { reproduceCommand } from "./reproduce.ts";
import { searchCommand } from "./search.ts";
import { selftestCommand } from "./selftest.ts";
import { serveCommand } from "./serve.ts";
import { serviceCommand } from "./service.ts";
import { trainCommand } from "./train.ts";

/** Every command, in the order of the help. */
const commands: readonly CommandDefinition[] = [
  doctorCommand,
  selftestCommand,
  phantomCommand,
  maskCommand,
  prepareCommand,
  trainCommand,
  evaluateCommand,
  exportCommand,
  importCommand,
  embedCommand,
  searchCommand,
  reproduceCommand,
  serveCommand,
  serviceCommand,
  demoCommand,
];

const exitCodeHelp = `
Exit codes:
  0    done
  1    an error that nobody foresaw
  ${exitCodes.usage}    the command line or the config is wrong
  ${exitCodes.input}    an input cannot be used
  ${exitCodes.store}    a dataset or run cannot be read or written
  ${exitCodes.locked}    another process is writing there
  ${exitCodes.device}    the graphics device failed
  ${exitCodes["not-finite"]}    training met a value that is not finite
  ${exitCodes.environment}    something this machine lacks
  130  stopped by Ctrl-C, 143 stopped by SIGTERM; training has saved a checkpoint`;

/**
 * Parses a command line.
 *
 * A request for help becomes a plan that prints it. `permissions COMMAND …` becomes a plan that prints the Deno
 * permissions with which that command line runs, as words of a shell.
 *
 * @param words The command line without the program's name.
 * @param programName How the program is called here, for help texts.
 * @throws SonospeechError `usage` when a command, option or value is not known, naming the nearest known one.
 */
export function parseCommandLine(words: readonly string[], programName: string): Plan {
  if (words[0] === "permissions") return printPermissions(parseCommandLine(words.slice(1), programName));
  let plan: Plan | undefined;
  const seat = { programName, plan: (made: Plan) => void (plan = made) };
  const printed = { text: "", error: "" };
  const program = buildProgram(commands.map((define) => define(seat)), programName, printed);
  if (words.length === 0) return printText(program.helpInformation(), exitCodes.usage);
  try {
    program.parse(words, { from: "user" });
  } catch (error) {
    if (error instanceof RangeError) throw usageError(error.message, program, words);
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return printText(printed.text, 0);
    throw usageError(error.message, program, words);
  }
  return plan!;
}

function buildProgram(
  subcommands: readonly CommandUnknownOpts[],
  programName: string,
  printed: { text: string; error: string },
): CommandUnknownOpts {
  const program = new Command(programName)
    .description("Learns from narrated ultrasound: video and speech, without labels.")
    .version(project.version, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => void (printed.text += text),
      writeErr: (text) => void (printed.error += text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      "after",
      `${exitCodeHelp}

"${programName} COMMAND --help" explains a command; "${programName} permissions COMMAND …" prints the Deno
permissions with which it runs.`,
    );
  for (const command of subcommands) {
    nameOptionInErrors(command);
    program.addCommand(command.copyInheritedSettings(program));
  }
  return program;
}

/** Makes the RangeError of an option's parser say which option it is about. */
function nameOptionInErrors(command: CommandUnknownOpts): void {
  for (const option of command.options) {
    const parse = option.parseArg;
    if (!parse) continue;
    option.parseArg = (value, previous) => {
      try {
        return parse(value, previous);
      } catch (error) {
        throw error instanceof RangeError ? new RangeError(`${option.long}: ${error.message}`) : error;
      }
    };
  }
}

/** Turns the message of commander or of an option's parser into our error, naming the nearest known command, option or value. */
function usageError(
  original: string,
  program: CommandUnknownOpts,
  words: readonly string[],
): SonospeechError {
  const command = program.commands.find((c) => c.name() === words[0]) ?? program;
  const message = original.replace(/^error: /, "");
  const fail = (must: string, received?: string) =>
    new SonospeechError("usage", {
      action: "read the command line",
      must,
      received,
      hint: [program.name(), ...(command === program ? [] : [command.name()]), "--help"].join(" "),
    });
  const unknown = /^unknown (option|command) '(.*)'$/s.exec(message);
  if (unknown) {
    const [, kind, received] = unknown;
    const known = kind === "command"
      ? program.commands.map((c) => c.name())
      : [...command.options.map((option) => option.long ?? option.flags), "--help"];
    const closest = nearest(received.replace(/=.*/s, ""), known);
    return fail(`the ${kind} must be known, the nearest one is ${closest}`, received);
  }
  const choice =
    /^(?:option|command-argument) '(\S+).*' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s
      .exec(message);
  if (!choice) return fail(message);
  const [, name, received, choices] = choice;
  const closest = nearest(received, choices.split(", "));
  return fail(`${name} must be one of ${choices}, the nearest one is ${closest}`, received);
}

function printText(text: string, exitCode: number): Plan {
  const run = (context: CommandContext) => {
    (exitCode === 0 ? context.stdout : context.stderr)(text);
    return Promise.resolve(exitCode);
  };
  return { permissions: () => ({}), run };
}

function printPermissions(plan: Plan): Plan {
  const run = async (context: CommandContext) => {
    const flags = permissionFlags(await plan.permissions(context), context);
    context.stdout(flags.map(shellWord).join(" ") + "\n");
  };
  return { permissions: () => ({ read: "everything", env: cacheVariables }), run };
}
