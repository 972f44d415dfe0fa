/**
 * What a DICOM file says of its cine, without the pixels.
 *
 * Only what is needed to show its frames is looked at; names, numbers and dates of patients are neither kept nor
 * passed on, and no text of the file comes into a message.
 *
 * @see DICOM PS3.3, C.7.6.3 (pixels), C.7.6.5 (cine), C.8.5.5 (ultrasound regions); PS3.5, A (transfer syntaxes).
 * @module
 */

import dicomParser, { type DataSet, type Element } from "dicom-parser";
import type { CropBox } from "./crop.ts";
import { readFrameTiming } from "./dicom_times.ts";
import { hasBytes, type Photometric, readGreyTable, refuseHeader } from "./dicom_values.ts";
import { UnusableMediaError } from "./unusable.ts";

/** How the frames are packed. */
export type DicomPacking = "native" | "rle" | "jpeg" | "jpeg-ls" | "jpeg-2000";

/** A DICOM file's cine. */
export interface DicomCine {
  /** Number of columns. */
  width: number;
  /** Number of rows. */
  height: number;
  /** Number of frames. */
  frameCount: number;
  /** How they are packed. */
  packing: DicomPacking;
  /** Meaning of the samples. */
  photometric: Photometric;
  /** Samples of a pixel, 1 or 3. */
  samples: 1 | 3;
  /** Bytes of a sample, 1 or 2. */
  sampleBytes: 1 | 2;
  /** Bits of a sample that count, the lowest ones. */
  bitsStored: number;
  /** Whether each sample has a plane of its own, in native frames. */
  isPlanar: boolean;
  /** The grey level of each value, for pixels of one sample. */
  greyOf?: Uint8Array;
  /** When each frame begins, seconds from the first one. */
  times: number[];
  /** When the last one ends. */
  endSeconds: number;
  /** Where the ultrasound picture lies, if the file says so. */
  region?: CropBox;
  /** Where the pixels begin in the file. */
  dataOffset: number;
  /** Length of native pixels as the file says; undefined when they are in fragments. */
  dataBytes?: number;
  /** What is worth knowing. */
  notes: string[];
}

const packings: Readonly<Record<string, DicomPacking>> = {
  "1.2.840.10008.1.2": "native",
  "1.2.840.10008.1.2.1": "native",
  "1.2.840.10008.1.2.5": "rle",
  "1.2.840.10008.1.2.4.50": "jpeg",
  "1.2.840.10008.1.2.4.51": "jpeg",
  "1.2.840.10008.1.2.4.57": "jpeg",
  "1.2.840.10008.1.2.4.70": "jpeg",
  "1.2.840.10008.1.2.4.80": "jpeg-ls",
  "1.2.840.10008.1.2.4.81": "jpeg-ls",
  "1.2.840.10008.1.2.4.90": "jpeg-2000",
  "1.2.840.10008.1.2.4.91": "jpeg-2000",
};
const otherSyntaxes: Readonly<Record<string, string>> = {
  "1.2.840.10008.1.2.2": "its bytes are in big-endian order, which DICOM has withdrawn",
  "1.2.840.10008.1.2.1.99": "it is deflated as a whole",
};
const photometrics: Readonly<Record<Photometric, { samples: 1 | 3; packings: readonly DicomPacking[] }>> = {
  "MONOCHROME1": { samples: 1, packings: ["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000"] },
  "MONOCHROME2": { samples: 1, packings: ["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000"] },
  "PALETTE COLOR": { samples: 1, packings: ["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000"] },
  "RGB": { samples: 3, packings: ["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000"] },
  "YBR_FULL": { samples: 3, packings: ["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000"] },
  "YBR_FULL_422": { samples: 3, packings: ["native", "jpeg"] },
  "YBR_RCT": { samples: 3, packings: ["jpeg-2000"] },
  "YBR_ICT": { samples: 3, packings: ["jpeg-2000"] },
};

/** Defined terms that are not read; only what is defined may be shown. */
const otherPhotometrics = new Set(["HSV", "ARGB", "CMYK", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "XYB"]);
/** Pixels of a picture; more would be a broken header rather than ultrasound. */
const mostPixels = 1 << 26;
/** Headers are read in pieces that grow; one that is longer than the last is given up. */
const headerBytes = [1 << 18, 1 << 21, 1 << 24, 1 << 27];

/** Whether a file carries the letters DICM after a preamble of 128 bytes, as DICOM files do whatever their name. */
export async function isDicom(path: string): Promise<boolean> {
  try {
    // To open a pipe would be to wait for its writer.
    if (!(await Deno.stat(path)).isFile) return false;
    using file = await Deno.open(path, { read: true });
    await file.seek(128, Deno.SeekMode.Start);
    const mark = new Uint8Array(4);
    await file.read(mark);
    return new TextDecoder().decode(mark) === "DICM";
  } catch {
    // What cannot be opened is put aside with its reason when it is prepared.
    return false;
  }
}

/**
 * Reads what a DICOM file says of its cine.
 *
 * @throws UnusableMediaError `corrupt` when the header is broken or contradicts itself, `unsupported format` for what
 * is not read, `no video` for a single picture.
 */
export async function readDicomHeader(path: string): Promise<DicomCine> {
  const size = (await Deno.stat(path).catch(() => null))?.size ?? 0;
  for (const bytes of headerBytes) {
    const set = parseSet(await readStart(path, Math.min(size, bytes)), bytes >= size);
    if (set) return unlessBroken(() => describeCine(set));
    if (bytes >= size) break;
  }
  throw new UnusableMediaError("corrupt", "no pixels were found in its DICOM header");
}

/** The parser throws texts and errors alike for whatever is cut off or broken. */
function unlessBroken<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusableMediaError) throw error;
    throw new UnusableMediaError("corrupt", "its DICOM header cannot be read");
  }
}

async function readStart(path: string, length: number): Promise<Uint8Array> {
  using file = await Deno.open(path, { read: true }).catch((error: Error) => {
    throw new UnusableMediaError("unreadable", `it cannot be opened (${error.name})`);
  });
  const bytes = new Uint8Array(length);
  let done = 0;
  for (let got: number | null = 0; got !== null && done < length; done += got ?? 0) {
    got = await file.read(bytes.subarray(done));
  }
  return bytes.subarray(0, done);
}

/** The elements up to the pixels; nothing when `bytes` do not reach them and there may be more of the file. */
function parseSet(bytes: Uint8Array, isWhole: boolean): DataSet | undefined {
  nameKnownTypes(bytes);
  const parse = () => {
    const syntax = dicomParser.readPart10Header(bytes).string("x00020010") ?? "";
    refuseSyntax(syntax);
    const set = dicomParser.parseDicom(bytes, { untilTag: pixelTag });
    return set.elements[pixelTag] && set;
  };
  try {
    return unlessBroken(parse);
  } catch (error) {
    if (isWhole || (error as UnusableMediaError).reason !== "corrupt") throw error;
    return undefined;
  }
}

const pixelTag = "x7fe00010";

/** The parser does not know OV, the type of extended offset tables, which is laid out as OB is. */
function nameKnownTypes(bytes: Uint8Array): void {
  const isTable = (at: number) =>
    bytes[at + 1] === 0x7f && (bytes[at + 2] === 1 || bytes[at + 2] === 2) && bytes[at + 3] === 0 &&
    bytes[at + 4] === 0x4f && bytes[at + 5] === 0x56;
  for (let at = bytes.indexOf(0xe0); at >= 0; at = bytes.indexOf(0xe0, at + 1)) {
    if (isTable(at)) bytes[at + 5] = 0x42;
  }
}

function refuseSyntax(syntax: string): void {
  if (Object.hasOwn(packings, syntax)) return;
  const isVideo = /^1\.2\.840\.10008\.1\.2\.4\.10[0-9]/.test(syntax);
  const known = otherSyntaxes[syntax] ??
    (isVideo ? "it holds a coded video, take that out of it first" : undefined);
  const shown = /^[0-9.]{1,64}$/.test(syntax) ? syntax : "unknown";
  throw new UnusableMediaError("unsupported format", known ?? `its transfer syntax is not read: ${shown}`);
}

function describeCine(set: DataSet): DicomCine {
  const packing = packings[dicomSyntaxOf(set)];
  const [height, width] = [positive(set, "x00280010", "rows"), positive(set, "x00280011", "columns")];
  if (width * height > mostPixels) refuseHeader(`pictures of ${width} × ${height} pixels`);
  const frameCount = readFrameCount(set);
  const photometric = readPhotometric(set, packing);
  const samples = set.uint16("x00280002") ?? photometrics[photometric].samples;
  if (samples !== photometrics[photometric].samples) {
    refuseHeader(`${photometric} pixels cannot have ${samples} samples`);
  }
  const depth = readDepth(set, photometric, packing);
  const notes: string[] = [];
  const pixels: Element = set.elements[pixelTag];
  const isNative = packing === "native";
  if (isNative === (pixels.hadUndefinedLength ?? false)) {
    refuseHeader("its transfer syntax and the packing of its pixels differ");
  }
  if (photometric === "YBR_FULL_422" && isNative && width % 2 === 1) {
    refuseHeader("YBR_FULL_422 needs an even number of columns");
  }
  const picture = { width, height };
  return {
    ...{ width, height, frameCount, packing, photometric, samples: samples as 1 | 3, ...depth, notes },
    isPlanar: set.uint16("x00280006") === 1,
    greyOf: samples === 1 ? readGreyTable(set, photometric, depth.bitsStored) : undefined,
    ...readFrameTiming(set, frameCount, notes),
    region: readRegion(set, picture, notes),
    dataOffset: pixels.dataOffset,
    dataBytes: isNative ? pixels.length : undefined,
  };
}

const dicomSyntaxOf = (set: DataSet) => set.string("x00020010") ?? "";

function positive(set: DataSet, tag: string, what: string): number {
  const value = hasBytes(set, tag, 2) ? set.uint16(tag) : undefined;
  return value ? value : refuseHeader(`there must be a number of ${what}`);
}

function readFrameCount(set: DataSet): number {
  const text = set.string("x00280008")?.trim() ?? "1";
  const count = /^\+?\d{1,7}$/.test(text) ? Number(text) : 0;
  if (count === 0) refuseHeader("its number of frames must be a whole number above 0");
  if (count === 1) throw new UnusableMediaError("no video", "it holds a single picture, no moving ones");
  return count;
}

function readPhotometric(set: DataSet, packing: DicomPacking): Photometric {
  const text = set.string("x00280004")?.trim() ?? "";
  if (!Object.hasOwn(photometrics, text)) {
    const shown = otherPhotometrics.has(text) ? text : "none that is known";
    throw new UnusableMediaError(
      "unsupported format",
      `its photometric interpretation is not read: ${shown}`,
    );
  }
  const photometric = text as Photometric;
  if (!photometrics[photometric].packings.includes(packing)) {
    throw new UnusableMediaError(
      "unsupported format",
      `${photometric} pixels packed as ${packing} are not read`,
    );
  }
  return photometric;
}

function readDepth(
  set: DataSet,
  photometric: Photometric,
  packing: DicomPacking,
): Pick<DicomCine, "sampleBytes" | "bitsStored"> {
  const allocated = set.uint16("x00280100") ?? 0;
  const bitsStored = set.uint16("x00280101") ?? allocated;
  const highBit = set.uint16("x00280102") ?? bitsStored - 1;
  if (bitsStored < 1 || bitsStored > allocated || highBit !== bitsStored - 1) {
    refuseHeader(`${bitsStored} bits up to bit ${highBit} of ${allocated}`);
  }
  const isPlain = photometrics[photometric].samples === 1 && (packing === "native" || packing === "rle");
  if (allocated !== 8 && !(allocated === 16 && (isPlain || bitsStored <= 8))) {
    throw new UnusableMediaError(
      "unsupported format",
      `samples of ${allocated} bits packed as ${packing} are not read`,
    );
  }
  if (bitsStored > 8 && !isPlain) refuseHeader(`${bitsStored} bits of ${photometric} packed as ${packing}`);
  return { sampleBytes: allocated / 8 as 1 | 2, bitsStored };
}

/** The largest region of a two-dimensional picture of tissue, else of anything two-dimensional. */
function readRegion(
  set: DataSet,
  picture: { width: number; height: number },
  notes: string[],
): CropBox | undefined {
  const items = set.elements["x00186011"]?.items ?? [];
  const regions = items.flatMap(({ dataSet }) => {
    if (!dataSet || dataSet.uint16("x00186012") !== 1) return [];
    const corner = (tag: string) => hasBytes(dataSet, tag, 4) ? dataSet.uint32(tag)! : NaN;
    const [x, y, right, bottom] = ["x00186018", "x0018601a", "x0018601c", "x0018601e"].map(corner);
    return [{
      x,
      y,
      width: right - x + 1,
      height: bottom - y + 1,
      isTissue: dataSet.uint16("x00186014") === 1,
    }];
  });
  const rank = (region: typeof regions[number]) =>
    (region.isTissue ? 1e12 : 0) + region.width * region.height;
  const [best] = regions.toSorted((a, b) => rank(b) - rank(a));
  if (!best) return undefined;
  const { x, y, width, height } = best;
  if (width > 1 && height > 1 && x + width <= picture.width && y + height <= picture.height) {
    return { x, y, width, height };
  }
  notes.push("its ultrasound region does not lie inside its pictures and was left alone");
  return undefined;
}
