/**
 * The README of an export: a passport for reading.
 *
 * @module
 */

import type { EvaluationReport } from "../evaluation/evaluate.ts";
import type { Passport } from "./passport.ts";

/** Writes a model card in Markdown, with the front matter that model hubs read. */
export function modelCard(passport: Passport): string {
  const { format, networks, run, dataset, config, parity, preprocessing, program } = passport;
  const library = { onnx: "onnx", safetensors: "pytorch", tfjs: "tfjs" }[format];
  return [
    "---",
    `library_name: ${library}`,
    "tags: [ultrasound, video-speech, contrastive-learning]",
    "---",
    "",
    "# Video and speech encoders for ultrasound",
    "",
    `${passport.notice} Trained by ${program.name} ${program.version} on narrated scans without labels, after Jiao ` +
    "et al., _Self-Supervised Contrastive Video-Speech Representation Learning for Ultrasound_, MICCAI 2020.",
    "",
    "## What is here",
    "",
    ...table(
      ["network", "file", "input → output", "what it does", "largest difference"],
      networks.map(({ name, file, input, output, description, largestRelativeError }) => [
        name,
        `\`${file}\``,
        `\`${input}\` → \`${output}\``,
        description,
        largestRelativeError.toExponential(1),
      ]),
    ),
    "",
    `The last column is the largest difference from the run's own results on ${parity.rows} rows of noise, as a share ` +
    `of the largest value, measured on ${parity.device.kind} (${parity.device.name}) after reading the files back; an ` +
    `export above ${parity.tolerance} is refused. \`${parity.samples}\` holds these inputs and results.`,
    ...passport.leftOut.map(({ name, reason }) => `\nNot here: ${name}, ${reason}.`),
    "",
    "## How to use it",
    "",
    ...{ onnx: onnxUsage, safetensors: torchUsage, tfjs: tfjsUsage }[format](passport),
    "",
    "## Inputs",
    "",
    `\`frames\` is float32 \`[${shapeText(preprocessing.frames.shape)}]\`:`,
    "",
    ...preprocessing.frames.steps.map((step, i) => `${i + 1}. ${step}`),
    "",
    `\`speech\` is float32 \`[${shapeText(preprocessing.speech.shape)}]\`:`,
    "",
    ...preprocessing.speech.steps.map((step, i) => `${i + 1}. ${step}`),
    "",
    "## Data",
    "",
    `Dataset ${dataset.contentHash} (hash of contents, settings and split), windows of ` +
    `${preprocessing.windowSeconds} s. Subjects: ${dataset.subjects.train.count} train, ` +
    `${dataset.subjects.validation.count} validation, ${dataset.subjects.test.count} test; no subject is in two of ` +
    "them. `passport.json` holds their digests, so that others can see whether their own subjects were trained on.",
    "",
    "## Training",
    "",
    `${run.step} steps of preset \`${config.preset}\`, seed ${passport.seeds.run} (split: ${passport.seeds.split})` +
    `${run.trainedOn === null ? "" : `, on ${run.trainedOn}`}, begun ${run.createdAt}` +
    `${
      run.start === null ? "" : `, from given weights (${run.start.names}, SHA-256 ${run.start.sha256})`
    }. Every ` +
    "setting:",
    "",
    "```json",
    JSON.stringify(config, null, 2),
    "```",
    "",
    "## Evaluation",
    "",
    ...(passport.evaluations.length === 0
      ? ["These weights were not evaluated on held-out subjects."]
      : passport.evaluations.flatMap(evaluationText)),
    "",
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function shapeText(shape: readonly number[]): string {
  return shape.map((size) => size === -1 ? "batch" : String(size)).join(", ");
}

function evaluationText({ split, windows, voicedWindows, subjects, ...report }: EvaluationReport): string[] {
  const { metrics, intervals, chance } = report;
  return [
    `On the ${split} split: ${voicedWindows} of ${windows} windows have speech, of ${subjects} subjects. Intervals are ` +
    "95 %, by bootstrap over subjects.",
    "",
    ...table(
      ["metric", "value", "95 % interval", "chance"],
      Object.entries(metrics).map(([name, value]) => [
        name,
        round(value),
        intervals?.[name] ? `${round(intervals[name][0])} to ${round(intervals[name][1])}` : "",
        chance?.[name] === undefined ? "" : round(chance[name]),
      ]),
    ),
    "",
  ];
}

const round = (value: number) => String(Number(value.toPrecision(4)));

function onnxUsage({ networks }: Passport): string[] {
  const [{ file, input, output }] = networks;
  return [
    "```python",
    "import onnxruntime",
    `session = onnxruntime.InferenceSession("${file}")`,
    `${output} = session.run(["${output}"], {"${input}": ${input}})[0]  # ${input}: float32, see Inputs`,
    "```",
    "",
    "Models are ONNX opset 13, float32, with any number of rows. Their metadata (`sonospeech.preprocessing`) repeat " +
    "what is written here.",
  ];
}

function tfjsUsage({ networks }: Passport): string[] {
  const [{ file, input, output }] = networks;
  return [
    "```js",
    'import * as tf from "@tensorflow/tfjs";',
    `const model = await tf.loadGraphModel("${file}"); // with the .bin file of the same name beside it`,
    `const ${output} = model.execute({ ${input} }, "${output}"); // ${input}: float32, see Inputs`,
    "```",
    "",
    "Models are TensorFlow.js graph models, float32, with any number of rows. `userDefinedMetadata` in them " +
    "(`sonospeech.preprocessing`) repeats what is written here.",
  ];
}

function torchUsage(): string[] {
  return [
    "```python",
    "from modeling_sonospeech import SonospeechModel",
    'model = SonospeechModel.from_pretrained(".")  # a folder with config.json and model.safetensors',
    "features = model.video_features(frames)  # frames: float32, see Inputs, or from prepare_frames()",
    "```",
    "",
    "`modeling_sonospeech.py` needs PyTorch and nothing else. `python3 modeling_sonospeech.py` compares it with the " +
    "results in `parity.safetensors`.",
  ];
}
