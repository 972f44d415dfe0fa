/**
 * Frames of the JPEG family in DICOM files, decoded by ffmpeg.
 *
 * The frames go to ffmpeg as the packets of an AVI stream, so that one of them is one packet whatever its bytes are.
 * Of colours only the brightness is kept: the first plane as it is coded, or, where red, green and blue are coded,
 * their weighted sum.
 *
 * @see ITU-T T.81 (JPEG), T.87 (JPEG-LS), T.800 (JPEG 2000): markers; T.872: Adobe's marker.
 * @module
 */

import { Regrouper } from "./decode.ts";
import { applyGreyTable, greyOfColours } from "./dicom_grey.ts";
import type { DicomCine } from "./dicom_header.ts";
import { runTool, type ToolReport } from "./tool.ts";
import { UnusableMediaError } from "./unusable.ts";

/** What to decode, and where the pictures go. */
export interface JpegRequest {
  /** What the file says of it. */
  cine: DicomCine;
  /** The bytes of a frame. */
  read: (index: number) => Promise<Uint8Array>;
  /** Stops the work. */
  signal?: AbortSignal;
  /** Takes grey pictures, [H, W], in order. */
  onFrame: (grey: Uint8Array<ArrayBuffer>) => Promise<void>;
}

/** What a coded frame says of itself. */
interface CodedFrame {
  width: number;
  height: number;
  components: number;
  bits: number;
  /** Whether its three components are red, green and blue, as far as the frame itself tells. */
  isRgb?: boolean;
}

/** Which planes ffmpeg gives: luminance or the first one, or green, blue and red. */
type Planes = "y" | "r" | "gbr";

/** Decodes all frames of a cine. @throws UnusableMediaError `corrupt` when a frame cannot be decoded. */
export async function decodeJpegFrames({ cine, read, signal, onFrame }: JpegRequest): Promise<ToolReport> {
  const { width, height, frameCount } = cine;
  const first = await readCoded(cine, read, 0);
  const planes = planesOf(cine, first.frame);
  const pixels = width * height;
  let decoded = 0;
  const frames = new Regrouper(pixels * (planes === "gbr" ? 3 : 1), async (bytes) => {
    const frameBytes = pixels * (planes === "gbr" ? 3 : 1);
    for (let at = 0; at < bytes.length; at += frameBytes) {
      const picture = bytes.subarray(at, at + frameBytes);
      decoded++;
      await onFrame(planes === "gbr" ? greyOfGbr(picture, cine) : applyGreyTable(picture.slice(), cine));
    }
  });
  const filter = planes === "gbr" ? "format=gbrp" : `extractplanes=${planes}`;
  const report = await runTool(
    "ffmpeg",
    [
      ...[
        "-nostdin",
        "-nostats",
        "-protocol_whitelist",
        "pipe",
        "-threads",
        "1",
        "-f",
        "avi",
        "-i",
        "pipe:0",
      ],
      ...["-map", "0:0", "-vf", filter, "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"],
    ],
    "pipe:0",
    {
      signal,
      onOutput: (chunk) => frames.take(chunk),
      onInput: async (write) => {
        await write(aviHead(cine));
        for (let i = 0; i < frameCount; i++) {
          const { bytes } = i === 0 ? first : await readCoded(cine, read, i);
          if (!await write(aviPacket(withColours(bytes, cine, planes)))) return;
        }
      },
    },
  );
  if (decoded !== frameCount) {
    const said = report.firstErrors[0] ? ` (${report.firstErrors[0]})` : "";
    throw new UnusableMediaError("corrupt", `${decoded} of ${frameCount} pictures were decoded${said}`);
  }
  return report;
}

function greyOfGbr(bytes: Uint8Array, { width, height }: DicomCine): Uint8Array<ArrayBuffer> {
  const pixels = width * height;
  // The planes are green, blue, red.
  return greyOfColours((channel, i) => bytes[(channel + 2) % 3 * pixels + i], {
    width,
    height,
    photometric: "RGB",
  });
}

async function readCoded(
  cine: DicomCine,
  read: JpegRequest["read"],
  index: number,
): Promise<{ bytes: Uint8Array; frame: CodedFrame }> {
  const bytes = await read(index);
  const frame = cine.packing === "jpeg-2000" ? readJpeg2000(bytes) : readJpeg(bytes);
  if (!frame) throw new UnusableMediaError("corrupt", `frame ${index} is not coded as ${cine.packing}`);
  if (cine.packing !== "jpeg-2000" && !hasEnd(bytes)) {
    throw new UnusableMediaError("corrupt", `frame ${index} is cut short`);
  }
  const { width, height, samples } = cine;
  if (frame.width !== width || frame.height !== height || frame.components !== samples) {
    const found = `${frame.width} × ${frame.height} with ${frame.components} components`;
    throw new UnusableMediaError(
      "corrupt",
      `frame ${index} is ${found}, it must be ${width} × ${height} with ${samples}`,
    );
  }
  if (frame.bits !== 8) {
    throw new UnusableMediaError(
      "unsupported format",
      `frames of ${frame.bits} bits packed as ${cine.packing} are not read`,
    );
  }
  return { bytes, frame };
}

/** Whether the mark of a picture's end is there, before what fills up its piece. */
function hasEnd(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2; at >= Math.max(0, bytes.length - 64); at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  }
  return false;
}

/** Reads a JPEG's or JPEG-LS's head; nothing when it is none. */
function readJpeg(bytes: Uint8Array): CodedFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  let [hasJfif, adobe]: [boolean, number | undefined] = [false, undefined];
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return undefined;
    const text = String.fromCharCode(...bytes.subarray(at + 4, at + 9));
    if (marker === 0xe0 && text.startsWith("JFIF")) hasJfif = true;
    if (marker === 0xee && text === "Adobe" && length >= 14) adobe = bytes[at + 15];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame || marker === 0xf7) return readFrameHead(view, at + 4, length - 2, hasJfif, adobe);
    if (marker === 0xda) return undefined;
    at += 2 + length;
  }
  return undefined;
}

function readFrameHead(
  view: DataView,
  at: number,
  length: number,
  hasJfif: boolean,
  adobe: number | undefined,
): CodedFrame | undefined {
  if (length < 6) return undefined;
  const components = view.getUint8(at + 5);
  if (length < 6 + 3 * components) return undefined;
  const each = Array.from({ length: components }, (_, i) => at + 6 + 3 * i);
  const isSubsampled = new Set(each.map((place) => view.getUint8(place + 1))).size > 1;
  const names = String.fromCharCode(...each.map((place) => view.getUint8(place)));
  const isRgb = adobe === 0 || names === "RGB"
    ? true
    : hasJfif || isSubsampled || adobe === 1
    ? false
    : undefined;
  const [height, width] = [view.getUint16(at + 1), view.getUint16(at + 3)];
  return { width, height, components, bits: view.getUint8(at), isRgb };
}

/** Reads the head of a JPEG 2000 codestream; nothing when it is none. */
function readJpeg2000(bytes: Uint8Array): CodedFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 43 || view.getUint32(0) !== 0xff4fff51) return undefined;
  const components = view.getUint16(40);
  return {
    width: view.getUint32(8) - view.getUint32(16),
    height: view.getUint32(12) - view.getUint32(20),
    components,
    bits: (view.getUint8(42) & 127) + 1,
  };
}

/**
 * The DICOM header and the frame itself may say different things of the colours; what is coded into the frame
 * counts, as DICOM asks for in PS3.5, 8.2.1, and the header where the frame says nothing.
 */
function planesOf({ packing, samples, photometric }: DicomCine, frame: CodedFrame): Planes {
  if (samples === 1) return "y";
  const isRgb = packing === "jpeg" && frame.isRgb !== undefined
    ? frame.isRgb
    : ["RGB", "YBR_RCT", "YBR_ICT"].includes(photometric);
  if (isRgb) return "gbr";
  return packing === "jpeg" ? "y" : "r";
}

/** Three components without a word on them are YCbCr to ffmpeg: Adobe's marker says that they are not. */
function withColours(bytes: Uint8Array, { packing }: DicomCine, planes: Planes): Uint8Array {
  if (packing !== "jpeg" || planes !== "gbr") return bytes;
  const marker = [0xff, 0xee, 0, 14, ...new TextEncoder().encode("Adobe"), 0, 100, 0, 0, 0, 0, 0];
  const out = new Uint8Array(bytes.length + marker.length);
  out.set(bytes.subarray(0, 2));
  out.set(marker, 2);
  out.set(bytes.subarray(2), 2 + marker.length);
  return out;
}

const fourCc = { "jpeg": "MJPG", "jpeg-ls": "MJLS", "jpeg-2000": "MJ2C" } as const;

/** The head of an AVI file without end that holds one stream of pictures. */
function aviHead({ width, height, packing, frameCount }: DicomCine): Uint8Array {
  const codec = fourCc[packing as keyof typeof fourCc];
  const endless = 0x7fffffff;
  const format = list("strf", [40, width, height, 1 | 24 << 16, codec, 3 * width * height, 0, 0, 0, 0]);
  const stream = list("strh", ["vids", codec, 0, 0, 0, 1, 25, 0, frameCount, 0, -1, 0, 0, 0]);
  const streams = list("LIST", ["strl", ...stream, ...format]);
  const main = list("avih", [40000, 0, 0, 0, frameCount, 0, 1, 0, width, height, 0, 0, 0, 0]);
  const head = list("LIST", ["hdrl", ...main, ...streams]);
  return encodeWords(["RIFF", endless, "AVI ", ...head, "LIST", endless - 1000, "movi"]);
}

/** Words of four letters or 32 bits. */
type Word = string | number;

function list(name: string, content: readonly Word[]): Word[] {
  return [name, 4 * content.length, ...content];
}

function encodeWords(words: readonly Word[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, i) => {
    if (typeof word === "number") view.setInt32(4 * i, word, true);
    else [...word].forEach((letter, j) => view.setUint8(4 * i + j, letter.charCodeAt(0)));
  });
  return new Uint8Array(view.buffer);
}

function aviPacket(frame: Uint8Array): Uint8Array {
  const out = new Uint8Array(8 + frame.length + frame.length % 2);
  out.set(encodeWords(["00dc", frame.length]));
  out.set(frame, 8);
  return out;
}
