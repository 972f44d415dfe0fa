/**
 * Where the frames of a DICOM cine lie in its file, and their bytes, one frame at a time.
 *
 * @see DICOM PS3.5, A.4 (encapsulated pixels) and 8.2.
 * @module
 */

import type { DicomCine } from "./dicom_header.ts";
import { UnusableMediaError } from "./unusable.ts";

/** A stretch of a file. */
interface Piece {
  offset: number;
  length: number;
}

/** Bytes of a native frame. */
export function nativeFrameBytes({ width, height, samples, sampleBytes, photometric }: DicomCine): number {
  return width * height * sampleBytes * (photometric === "YBR_FULL_422" ? 2 : samples);
}

/** An open DICOM file from which frames are read one by one. */
export class DicomFrames implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #frames: readonly (readonly Piece[])[];

  private constructor(file: Deno.FsFile, frames: readonly (readonly Piece[])[]) {
    this.#file = file;
    this.#frames = frames;
  }

  /**
   * Opens a file and finds its frames.
   *
   * @throws UnusableMediaError `truncated` when it ends too early, `corrupt` when there are not as many frames as it
   * says or the packing is broken, `unreadable` when it cannot be opened.
   */
  static async open(path: string, cine: DicomCine): Promise<DicomFrames> {
    const file = await Deno.open(path, { read: true }).catch((error: Error) => {
      throw new UnusableMediaError("unreadable", `it cannot be opened (${error.name})`);
    });
    try {
      const { size } = await file.stat();
      return new DicomFrames(
        file,
        cine.packing === "native" ? findNative(cine, size) : findPacked(file, cine, size),
      );
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** The bytes of a frame, its fragments joined. */
  async read(index: number): Promise<Uint8Array> {
    const pieces = this.#frames[index];
    const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const { offset, length } of pieces) {
      await this.#file.seek(offset, Deno.SeekMode.Start);
      for (const end = at + length; at < end;) {
        const got = await this.#file.read(bytes.subarray(at, end));
        if (got === null) throw new UnusableMediaError("truncated", "it ended while it was read");
        at += got;
      }
    }
    return bytes;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function findNative(cine: DicomCine, fileBytes: number): Piece[][] {
  const { frameCount, dataOffset, dataBytes = 0 } = cine;
  const length = nativeFrameBytes(cine);
  const wanted = frameCount * length;
  if (dataOffset + dataBytes > fileBytes) {
    const held = Math.floor((fileBytes - dataOffset) / length);
    throw new UnusableMediaError(
      "truncated",
      `it promises ${frameCount} frames and holds ${Math.max(0, held)}`,
    );
  }
  // An odd number of bytes is filled up to an even one.
  if (dataBytes < wanted || dataBytes > wanted + 1) {
    const held = (dataBytes / length).toFixed(2).replace(/\.?0+$/, "");
    throw new UnusableMediaError("corrupt", `it promises ${frameCount} frames and has bytes for ${held}`);
  }
  return Array.from({ length: frameCount }, (_, i) => [{ offset: dataOffset + i * length, length }]);
}

/** Tags of items of a sequence, as little-endian numbers: an item, and the sequence's end. */
const itemTag = 0xe000fffe, endTag = 0xe0ddfffe;

function findPacked(file: Deno.FsFile, cine: DicomCine, fileBytes: number): Piece[][] {
  const items = findItems(file, cine, fileBytes);
  const [table, ...fragments] = items;
  const filled = fragments.filter(({ length }) => length > 0);
  const { frameCount } = cine;
  if (filled.length < frameCount) {
    throw new UnusableMediaError(
      "corrupt",
      `it promises ${frameCount} frames and holds ${filled.length} pieces`,
    );
  }
  if (filled.length === frameCount) return filled.map((piece) => [piece]);
  const starts = readOffsetTable(file, table, frameCount, fragments) ?? findStarts(file, cine, filled);
  if (starts.length !== frameCount) {
    throw new UnusableMediaError("corrupt", `it promises ${frameCount} frames and holds ${starts.length}`);
  }
  return starts.map((start, i) =>
    filled.filter(({ offset }) => offset >= start && offset < (starts[i + 1] ?? Infinity))
  );
}

function findItems(file: Deno.FsFile, { dataOffset, notes }: DicomCine, fileBytes: number): Piece[] {
  const items: Piece[] = [];
  for (let at = dataOffset; at < fileBytes;) {
    const head = readSync(file, at, 8);
    if (head.byteLength < 8) throw new UnusableMediaError("truncated", "it ends within its pixels");
    const [tag, length] = [head.getUint32(0, true), head.getUint32(4, true)];
    if (tag === endTag) return requireTable(items);
    if (tag !== itemTag || length === 0xffffffff) {
      throw new UnusableMediaError("corrupt", "its pixels are not packed in pieces as they must be");
    }
    if (at + 8 + length > fileBytes) throw new UnusableMediaError("truncated", "it ends within its pixels");
    items.push({ offset: at + 8, length });
    at += 8 + length;
  }
  // All pieces are whole; whether all frames are there shows when they are counted.
  notes.push("the end of its pixels is not marked");
  return requireTable(items);
}

function requireTable(items: Piece[]): Piece[] {
  if (items.length === 0) throw new UnusableMediaError("corrupt", "its pixels hold nothing");
  return items;
}

function readSync(file: Deno.FsFile, offset: number, length: number): DataView {
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let done = 0;
  for (let got: number | null = 0; got !== null && done < length; done += got ?? 0) {
    got = file.readSync(bytes.subarray(done));
  }
  return new DataView(bytes.buffer, 0, done);
}

/** Where frames begin, from the basic offset table, if there is a sound one. */
function readOffsetTable(
  file: Deno.FsFile,
  table: Piece,
  frameCount: number,
  fragments: readonly Piece[],
): number[] | undefined {
  if (table.length !== 4 * frameCount) return undefined;
  const view = readSync(file, table.offset, table.length);
  // Offsets count from the first piece's own head.
  const first = table.offset + table.length;
  const starts = Array.from({ length: frameCount }, (_, i) => first + view.getUint32(4 * i, true) + 8);
  const known = new Set(fragments.map(({ offset }) => offset));
  const isSound = starts.every((start, i) => known.has(start) && (i === 0 || start > starts[i - 1]));
  return isSound ? starts : undefined;
}

/** Where frames begin: pieces that begin as a picture does. */
function findStarts(file: Deno.FsFile, { packing }: DicomCine, fragments: readonly Piece[]): number[] {
  if (packing === "rle") {
    throw new UnusableMediaError("corrupt", "its RLE frames come in more pieces than frames");
  }
  const mark = packing === "jpeg-2000" ? 0xff4f : 0xffd8;
  return fragments.filter(({ offset, length }) =>
    length >= 2 && readSync(file, offset, 2).getUint16(0) === mark
  )
    .map(({ offset }) => offset);
}
