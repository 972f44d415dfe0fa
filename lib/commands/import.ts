/** `import`: what of given weights fits a network, without training. @module */

import { Command, Option } from "@commander-js/extra-typings";
import { dirname, resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import { provenanceFiles } from "../export/provenance.ts";
import { collect } from "./options.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";

interface ImportCommandOptions {
  preset?: "tiny" | "small" | "paper";
  config?: string;
  set?: string[];
  out?: string;
  json?: true;
}

/** The definition of `import`. */
export function importCommand({ programName, plan }: CommandSeat) {
  return new Command("import")
    .summary("say what of given weights fits a network")
    .description(
      "Reads weights (safetensors: a checkpoint, an export, or torchvision's ResNet-18) and tells parameter by parameter " +
        "what fits the network of a preset or config. With --out, what fits is written for train --start, with whom it " +
        "was trained on. Pickles (.pt, .pth, .bin) are refused: they can run any program.",
    )
    .argument("<weights>", "safetensors file")
    .addOption(
      new Option("--preset <name>", "the network's preset").choices(["tiny", "small", "paper"] as const),
    )
    .option("--config <file>", "JSON with settings that differ from the preset's")
    .option("--set <path=value>", "one setting, as model.encoder=resnet18; may be repeated", collect)
    .option("--out <dir>", "folder to write what fits to, made if needed")
    .option("--json", "print the report as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} import resnet18.safetensors --preset small --set model.encoder=resnet18
  ${programName} import resnet18.safetensors --preset small --set model.encoder=resnet18 --out weights
  ${programName} train data/fetal --run runs/second --start weights/start.safetensors --set preset=small`,
    )
    .action((weights, options) =>
      plan({
        permissions: (place) => ({
          read: [
            weights,
            ...provenanceFiles(resolve(place.workingDirectory, weights)),
            ...(options.config === undefined ? [] : [options.config]),
          ],
          write: options.out === undefined ? [] : [options.out],
        }),
        run: (context) => runImport(weights, options, context),
      })
    );
}

async function runImport(
  weights: string,
  { preset, config: file, set = [], out, json }: ImportCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { resolveRunConfig } = await import("../config.ts");
  const { importWeights, startFile } = await import("../export/import_weights.ts");
  const { startLines } = await import("../export/start_report.ts");
  const { readChanges } = await import("./config_changes.ts");
  const at = (path: string) => resolve(context.workingDirectory, path);
  const settings = [...(preset === undefined ? [] : [`preset=${preset}`]), ...set];
  const config = resolveRunConfig(await readChanges(file && at(file), settings));
  if (out !== undefined && at(out) === dirname(at(weights))) refuseOwnFolder(out);
  const { report, trainedOn } = await importWeights(at(weights), config, out && at(out));
  if (json) return context.stdout(JSON.stringify({ ...report, trainedOn }) + "\n");
  context.stdout(startLines(report).map((line) => `${line}\n`).join(""));
  context.stdout(
    trainedOn === null
      ? "  nothing beside the file says which subjects these weights were trained on\n"
      : `  trained on ${trainedOn.length} subjects, which no training from them may hold out\n`,
  );
  if (out !== undefined) context.stdout(`what fits is in ${out}/${startFile}, for train --start\n`);
}

function refuseOwnFolder(out: string): never {
  throw new SonospeechError("usage", {
    action: "import the weights",
    must: "--out must not be the folder of the weights: their passport would be replaced",
    received: out,
  });
}
