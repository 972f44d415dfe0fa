/** `mask`: finds and confirms masks of scanners' pictures. @module */

import { Command } from "@commander-js/extra-typings";
import { basename, dirname, join, resolve } from "node:path";
import type { MaskTemplate } from "../data/mask_template.ts";
import { exitCodes, SonospeechError } from "../errors.ts";
import type { CommandContext, CommandSeat } from "./plan.ts";
import { filesOutside } from "./prepare.ts";

interface MaskCommandOptions {
  out?: string;
  scanner: string;
  confirm?: true;
}

/** The definition of `mask`. */
export function maskCommand({ programName, plan }: CommandSeat) {
  return new Command("mask")
    .summary("find and confirm where scanners' pictures hold the ultrasound")
    .description(
      "Looks at scans and writes, for every size of pictures, a mask of the sector beside which nothing is kept, and " +
        "masks.html to look at them. With --confirm, the inputs are masks that you have looked at. prepare --mask uses " +
        "them.",
    )
    .argument("<input...>", "videos, folders or CSV manifests; with --confirm, files of masks")
    .option("--out <dir>", "folder to write to, made if needed")
    .option("--scanner <name>", "whose pictures these are, in words", "")
    .option("--confirm", "note in the masks that they were looked at and are right")
    .addHelpText(
      "after",
      `
Examples:
  ${programName} mask scans --out masks --scanner "Voluson E8"
  ${programName} mask masks/mask-1024x768.json --confirm
  ${programName} prepare scans --out data/safe --mask masks/mask-1024x768.json --require-confirmed-mask

Exits with ${exitCodes.input} when no mask was found.`,
    )
    .action((inputs, options) => {
      if (options.confirm !== undefined && options.out !== undefined) {
        throw new RangeError("--confirm and --out exclude each other");
      }
      if (options.confirm === undefined && options.out === undefined) {
        throw new RangeError("--out or --confirm must be given");
      }
      plan({
        permissions: async (place) =>
          // A mask is replaced by a file that is written beside it.
          options.confirm ? { write: [...new Set(inputs.map((input) => dirname(input)))] } : {
            read: [...inputs, ...await filesOutside(inputs, place)],
            write: [options.out!],
            run: ["ffmpeg", "ffprobe"],
          },
        run: (context) => options.confirm ? confirm(inputs, context) : find(inputs, options, context),
      });
    });
}

async function confirm(inputs: readonly string[], context: CommandContext): Promise<void> {
  const { confirmMask, readMaskTemplate, writeMaskTemplate } = await import("../data/mask_template.ts");
  for (const input of inputs) {
    const path = resolve(context.workingDirectory, input);
    const template = await readMaskTemplate(path, { isToConfirm: true });
    await writeMaskTemplate(path, confirmMask(template, new Date()));
    const { width, height } = template.frameSize;
    context.stdout(`${basename(path)} is confirmed for pictures of ${width} × ${height} pixels\n`);
  }
}

async function find(
  inputs: readonly string[],
  { out, scanner }: MaskCommandOptions,
  context: CommandContext,
): Promise<number> {
  const { findMasks } = await import("../data/find_masks.ts");
  const { maskSheet } = await import("../data/mask_sheet.ts");
  const { writeMaskTemplate } = await import("../data/mask_template.ts");
  const { listScans } = await import("../data/prepare_inputs.ts");
  const { ProgressMeter, ProgressPrinter } = await import("../progress.ts");
  const { writeFileAtomic } = await import("../records/atomic_file.ts");
  const at = (path: string) => resolve(context.workingDirectory, path);
  const folder = at(out!);
  const { items } = await listScans(inputs.map(at));
  const printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  const meter = new ProgressMeter("mask", "scans", { total: items.length });
  const onScan = (done: number) => printer.show(meter.update(done));
  const found = await findMasks(items, { scanner, signal: context.signal, onScan }).finally(() =>
    printer.clear()
  );
  await Deno.mkdir(folder, { recursive: true });
  for (const { template } of found.masks) await refuseConfirmed(join(folder, fileOf(template)));
  for (const { template, scans, stillLines } of found.masks) {
    await writeMaskTemplate(join(folder, fileOf(template)), template);
    const inside = stillLines.inside > 0 ? `; in ${stillLines.inside} something inside never changes` : "";
    context.stdout(`${join(out!, fileOf(template))}  from ${scans.length} scans${inside}\n`);
    for (const doubt of template.doubts) context.stdout(`  doubtful: ${doubt}\n`);
  }
  for (const failure of found.failures) context.stderr(`no mask: ${failure}\n`);
  const page = maskSheet(found.masks, found.failures, fileOf);
  await writeFileAtomic(join(folder, "masks.html"), new TextEncoder().encode(page));
  context.stdout(`look at ${join(out!, "masks.html")}, then confirm with --confirm\n`);
  return found.masks.length > 0 ? 0 : exitCodes.input;
}

function fileOf({ frameSize: { width, height } }: MaskTemplate): string {
  return `mask-${width}x${height}.json`;
}

/**
 * What somebody confirmed is not overwritten, nor what may have been a mask and cannot be read.
 *
 * @throws SonospeechError `input`.
 */
export async function refuseConfirmed(path: string): Promise<void> {
  const { readMaskTemplate } = await import("../data/mask_template.ts");
  const isThere = await Deno.lstat(path).then(() => true, () => false);
  if (!isThere || (await readMaskTemplate(path, { isToConfirm: true })).confirmed === null) return;
  throw new SonospeechError("input", {
    action: `write ${basename(path)}`,
    must: "it must not replace a mask that was confirmed",
    hint: "Choose another --out, or delete it first.",
  });
}
