/**
 * Reads a still picture.
 *
 * @module
 */

import { basename, resolve } from "node:path";
import { SonospeechError } from "../errors.ts";
import { runTool } from "./tool.ts";

/** How files of each kind begin, and ffmpeg's name for reading one from its bytes alone. */
const kinds: readonly { magic: readonly number[]; format: string; name: string }[] = [
  { magic: [0x89, 0x50, 0x4e, 0x47], format: "png_pipe", name: "PNG" },
  { magic: [0xff, 0xd8, 0xff], format: "jpeg_pipe", name: "JPEG" },
  { magic: [0x42, 0x4d], format: "bmp_pipe", name: "BMP" },
  { magic: [0x49, 0x49, 0x2a, 0x00], format: "tiff_pipe", name: "TIFF" },
  { magic: [0x4d, 0x4d, 0x00, 0x2a], format: "tiff_pipe", name: "TIFF" },
];

/** More pixels than any ultrasound machine's picture has: a small file can unfold to any number. */
const mostPixels = 1 << 26;

/** Whether a file begins as pictures of a known kind do; false for one that cannot be read, too. */
export async function isPicture(path: string): Promise<boolean> {
  return await readKind(path).then((kind) => kind !== undefined, () => false);
}

/**
 * A picture's grey levels at another size, as frames of videos are read.
 *
 * @param size Height and width of the result.
 * @returns 0 to 255, [height, width].
 * @throws SonospeechError `input` when the file is no picture of a known kind or cannot be decoded.
 */
export async function decodePicture(
  path: string,
  [height, width]: readonly [number, number],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const format = await formatOf(path);
  const chunks: Uint8Array[] = [];
  const report = await runTool(
    "ffmpeg",
    [
      ...["-nostdin", "-nostats", "-protocol_whitelist", "file,pipe", "-f", format],
      ...["-max_pixels", `${mostPixels}`, "-i", `file:${resolve(path)}`, "-frames:v", "1"],
      ...["-vf", `format=gray,scale=${width}:${height}:flags=area`, "-f", "rawvideo", "pipe:1"],
    ],
    path,
    { signal, onOutput: (chunk) => void chunks.push(chunk.slice()) },
  );
  const levels = new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  if (report.code === 0 && report.errorLines === 0 && levels.length === height * width) return levels;
  return refuse(path, "it must be a whole picture", report.firstErrors[0] ?? "nothing that can be decoded");
}

async function formatOf(path: string): Promise<string> {
  let kind: typeof kinds[number] | undefined;
  try {
    kind = await readKind(path);
  } catch (error) {
    return refuse(path, "it must be a file that can be read", (error as Error).name);
  }
  const names = [...new Set(kinds.map(({ name }) => name))].join(", ");
  return kind?.format ?? refuse(path, `it must be one of ${names}`, "another kind of file");
}

async function readKind(path: string): Promise<typeof kinds[number] | undefined> {
  const start = new Uint8Array(4);
  using file = await Deno.open(path, { read: true });
  await file.read(start);
  return kinds.find(({ magic }) => magic.every((byte, i) => start[i] === byte));
}

function refuse(path: string, must: string, received: string): never {
  throw new SonospeechError("input", {
    action: `read the picture ${basename(path)}`,
    must,
    received,
    publicMessage: `Cannot read the picture: ${must}`,
  });
}
