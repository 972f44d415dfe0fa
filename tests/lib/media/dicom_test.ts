import assert from "node:assert/strict";
import { openDicom } from "../../../lib/media/dicom.ts";
import {
  coloured,
  colouredFrames,
  colours,
  decode,
  decodeSpec,
  deep,
  expected,
  geometry,
  greys,
  interleaved,
  luma,
  palette,
  photometric,
  pixelCount,
  planar,
  regionItem,
  size,
  values,
  withFile,
  words,
} from "./dicom_values.ts";
import {
  type DicomSpec,
  encodeFrames,
  encodeRle,
  join,
  makeDicom,
  makeGreyJpeg,
  syntaxes,
} from "./make_dicom.ts";

Deno.test("openDicom() reads MONOCHROME2 as it is, explicit or implicit, and MONOCHROME1 inverted", async () => {
  const pixels = join(values);
  assert.deepEqual(await decodeSpec({ pixels }), expected);
  assert.deepEqual(await decodeSpec({ pixels, syntax: syntaxes.implicit }), expected);
  const inverted = await decodeSpec({ pixels, elements: photometric("MONOCHROME1") });
  assert.deepEqual(inverted, expected.map((frame) => frame.map((value) => 255 - value)));
});

/** 12 of 16 bits. */

Deno.test("openDicom() scales deeper pixels, through the window where there is one, without overlay bits", async () => {
  const numbers = Array.from({ length: 24 }, (_, i) => i * 170);
  const pixels = words(numbers.map((value) => value | 0x8000));
  const plain = numbers.map((value) => Math.round(value * 255 / 4095));
  assert.deepEqual((await decodeSpec({ pixels, elements: deep })).flat(), plain);
  const window = { "0028,1050": ["DS", "1000"], "0028,1051": ["DS", "501"] } as const;
  const scaled = { ...deep, ...window, "0028,1052": ["DS", "-100"], "0028,1053": ["DS", "0.5"] } as const;
  const clamp = (share: number) => Math.round(255 * Math.min(1, Math.max(0, share)));
  const windowed = numbers.map((value) => clamp((0.5 * value - 100 - 999.5) / 500 + 0.5));
  assert.deepEqual((await decodeSpec({ pixels, elements: scaled })).flat(), windowed);
  assert.ok(new Set(windowed).size > 3);
});

Deno.test("openDicom() reads signed pixels from the least value up", async () => {
  const signed = { "0028,0103": ["US", [1]] } as const;
  const pixels = Uint8Array.from({ length: 24 }, (_, i) => (i * 11 - 128) & 255);
  assert.deepEqual(
    (await decodeSpec({ pixels, elements: signed })).flat(),
    Array.from({ length: 24 }, (_, i) => i * 11),
  );
});

Deno.test("openDicom() reads RGB and YBR_FULL, pixel by pixel or plane by plane", async () => {
  for (const [isPlanar, pack] of [[0, interleaved], [1, planar]] as const) {
    const elements = { ...colours, "0028,0006": ["US", [isPlanar]] } as const;
    const rgb = await decodeSpec({
      pixels: pack(coloured),
      elements: { ...elements, ...photometric("RGB") },
    });
    assert.deepEqual(rgb, luma);
    const ybr = await decodeSpec({
      pixels: pack(coloured),
      elements: { ...elements, ...photometric("YBR_FULL") },
    });
    assert.deepEqual(ybr, coloured.map((frame) => frame.map(([y]) => y)));
  }
});

Deno.test("openDicom() reads YBR_FULL_422, where two pixels share their colour", async () => {
  const pixels = Uint8Array.from(
    values.flatMap((frame) => [0, 2, 4, 6].flatMap((i) => [frame[i], frame[i + 1], 99, 7])),
  );
  const elements = { ...colours, ...photometric("YBR_FULL_422") };
  assert.deepEqual(await decodeSpec({ pixels, elements }), expected);
});

/** A palette of 256 entries, red running up, green down, blue in the middle. */
const paletteGrey = expected.map((frame) =>
  frame.map((i) => Math.round(0.299 * i + 0.587 * (255 - i) + 0.114 * 128))
);

Deno.test("openDicom() reads PALETTE COLOR through palettes of 8 and 16 bits", async () => {
  const pixels = join(values);
  for (const bits of [8, 16] as const) {
    assert.deepEqual(await decodeSpec({ pixels, elements: palette(bits) }), paletteGrey);
  }
});

Deno.test("openDicom() clamps values outside a palette to its ends", async () => {
  const three = (levels: number[], i: number) => ({
    [`0028,110${i}`]: ["US", [3, 10, 8]] as const,
    [`0028,120${i}`]: ["OW", Uint8Array.from(levels)] as const,
  });
  const grey = [50, 100, 150];
  const elements = {
    ...photometric("PALETTE COLOR"),
    ...three(grey, 1),
    ...three(grey, 2),
    ...three(grey, 3),
  };
  const pixels = Uint8Array.from({ length: 24 }, (_, i) => i);
  const wanted = Array.from({ length: 24 }, (_, i) => i <= 10 ? 50 : i === 11 ? 100 : 150);
  assert.deepEqual((await decodeSpec({ pixels, elements })).flat(), wanted);
});

Deno.test("openDicom() reads RLE frames of one, two and three segments", async () => {
  const syntax = syntaxes.rle;
  const plain = values.map((frame) => encodeRle([frame]));
  assert.deepEqual(await decodeSpec({ syntax, fragments: plain }), expected);
  assert.deepEqual(await decodeSpec({ syntax, fragments: plain, elements: palette(16) }), paletteGrey);
  const deepFrame = (frame: Uint8Array) =>
    encodeRle([frame.map((n) => n >> 4), frame.map((n) => n << 4 & 255)]);
  const deeper = await decodeSpec({ syntax, fragments: values.map(deepFrame), elements: deep });
  assert.deepEqual(deeper, expected.map((frame) => frame.map((n) => Math.round(n * 16 * 255 / 4095))));
  const planes = coloured.map((frame) =>
    encodeRle([0, 1, 2].map((channel) => Uint8Array.from(frame, (pixel) => pixel[channel])))
  );
  const elements = { ...colours, ...photometric("RGB") };
  assert.deepEqual(await decodeSpec({ syntax, fragments: planes, elements }), luma);
});

/** Frames of 16 × 8 pixels for ffmpeg's coders. */
const rgbs = [0, 1, 2].map((frame) =>
  Uint8Array.from({ length: 3 * pixelCount }, (_, i) => [i / 2, 255 - i / 2, 80 * frame][i % 3])
);
const rgbLuma = rgbs.map((frame) =>
  Array.from({ length: pixelCount }, (_, i) => {
    const [r, g, b] = frame.subarray(3 * i);
    return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  })
);
function assertNear(found: number[][], wanted: readonly ArrayLike<number>[], most: number): void {
  assert.equal(found.length, wanted.length);
  const worst = Math.max(
    ...found.flatMap((frame, f) => frame.map((value, i) => Math.abs(value - wanted[f][i]))),
  );
  assert.ok(worst <= most, `differs by ${worst}`);
}

Deno.test("openDicom() decodes baseline JPEG, grey and YBR_FULL_422", async () => {
  const syntax = syntaxes.jpeg;
  const best = ["-c:v", "mjpeg", "-q:v", "1", "-qmin", "1"];
  const levels = [0, 1, 2].map((frame) => [10 + 80 * frame, 255 - 3 * frame]);
  const grey = levels.map(makeGreyJpeg);
  const flat = levels.map(([left, right]) =>
    Array.from({ length: pixelCount }, (_, i) => i % 16 < 8 ? left : right)
  );
  assert.deepEqual(await decodeSpec({ syntax, fragments: grey, elements: geometry }), flat);
  const inverted = { ...geometry, ...photometric("MONOCHROME1") };
  const dark = flat.map((frame) => frame.map((level) => 255 - level));
  assert.deepEqual(await decodeSpec({ syntax, fragments: grey, elements: inverted }), dark);
  const colour = await encodeFrames(rgbs, {
    format: "rgb24",
    size,
    coding: [...best, "-pix_fmt", "yuvj422p"],
    extension: "jpg",
  });
  assertNear(
    await decodeSpec({ syntax, fragments: colour, elements: colouredFrames("YBR_FULL_422") }),
    rgbLuma,
    4,
  );
  // Subsampled colours cannot be red, green and blue, whatever the header says.
  assertNear(await decodeSpec({ syntax, fragments: colour, elements: colouredFrames("RGB") }), rgbLuma, 4);
});

Deno.test("openDicom() decodes lossless JPEG exactly: luminance, or red, green and blue by the header", async () => {
  const syntax = syntaxes.losslessJpeg;
  // The coder takes three planes as they are: for it they are Y, Cb and Cr.
  const planes = rgbs.map((frame) =>
    join([0, 1, 2].map((channel) => frame.filter((_, i) => i % 3 === channel)))
  );
  const coding = ["-c:v", "ljpeg"];
  const fragments = await encodeFrames(planes, { format: "yuvj444p", size, coding, extension: "ljpg" });
  assert.deepEqual(await decodeSpec({ syntax, fragments, elements: colouredFrames("RGB") }), rgbLuma);
  const red = planes.map((frame) => [...frame.subarray(0, pixelCount)]);
  assert.deepEqual(await decodeSpec({ syntax, fragments, elements: colouredFrames("YBR_FULL") }), red);
});

Deno.test("openDicom() decodes JPEG-LS and JPEG 2000 exactly", async () => {
  const kinds = [
    { syntax: syntaxes.jpegLs, coding: ["-c:v", "jpegls"], extension: "jls", colour: "RGB" },
    {
      syntax: syntaxes.jpeg2000,
      coding: ["-c:v", "jpeg2000", "-format", "j2k", "-pred", "dwt53"],
      extension: "j2k",
      colour: "YBR_RCT",
    },
  ];
  for (const { syntax, coding, extension, colour } of kinds) {
    const grey = await encodeFrames(greys, { format: "gray", size, coding, extension });
    const found = await decodeSpec({ syntax, fragments: grey, elements: geometry });
    assert.deepEqual(found, greys.map((frame) => [...frame]), extension);
    const fragments = await encodeFrames(rgbs, { format: "rgb24", size, coding, extension });
    assert.deepEqual(
      await decodeSpec({ syntax, fragments, elements: colouredFrames(colour) }),
      rgbLuma,
      extension,
    );
  }
});

Deno.test("openDicom() joins the pieces of frames, by the offset table or by how pictures begin", async () => {
  const syntax = syntaxes.jpegLs;
  const coding = ["-c:v", "jpegls"];
  const coded = await encodeFrames(greys, { format: "gray", size, coding, extension: "jls" });
  const even = coded.map((frame) => frame.length % 2 === 0 ? frame : join([frame, Uint8Array.of(0)]));
  const fragments = even.flatMap((frame) => [frame.subarray(0, 20), frame.subarray(20)]);
  const wanted = greys.map((frame) => [...frame]);
  assert.deepEqual(await decodeSpec({ syntax, fragments, elements: geometry }), wanted);
  let at = 0;
  const offsetTable = even.map(({ length }) => (at += length + 16) - length - 16);
  assert.deepEqual(await decodeSpec({ syntax, fragments, offsetTable, elements: geometry }), wanted);
  const extended = {
    ...geometry,
    "7FE0,0001": ["OV", new Uint8Array(24)],
    "7FE0,0002": ["OV", new Uint8Array(24)],
  } as const;
  assert.deepEqual(await decodeSpec({ syntax, fragments, elements: extended }), wanted);
});

async function timing(
  elements: DicomSpec["elements"],
): Promise<{ times: number[]; end: number; notes: readonly string[] }> {
  return await withFile(makeDicom({ elements }), async (path) => {
    const { frameTimes, extent, notes } = await openDicom(path);
    const near = (seconds: number) => Math.round(seconds * 1e6) / 1e6;
    return { times: (await frameTimes()).map(near), end: near(extent.endSeconds), notes };
  });
}

Deno.test("openDicom() takes frame times from the element that is there, and that the pointer names", async () => {
  const none = { "0018,1063": undefined };
  const at = (times: number[], end: number) => ({ times, end, notes: [] });
  assert.deepEqual(await timing({}), at([0, 0.1, 0.2], 0.3));
  assert.deepEqual(await timing({ ...none, "0018,0040": ["IS", "20"] }), at([0, 0.05, 0.1], 0.15));
  assert.deepEqual(await timing({ ...none, "0008,2144": ["IS", "25"] }), at([0, 0.04, 0.08], 0.12));
  assert.deepEqual(await timing({ ...none, "0018,1242": ["IS", "50"] }), at([0, 0.05, 0.1], 0.15));
  const vector = { "0018,1065": ["DS", "0\\50\\250"] } as const;
  assert.deepEqual(await timing({ ...none, ...vector }), at([0, 0.05, 0.3], 0.55));
  assert.deepEqual(await timing(vector), at([0, 0.05, 0.3], 0.4));
  const pointer = { "0028,0009": ["AT", [0x0018, 0x1063]] } as const;
  assert.deepEqual(await timing({ ...vector, ...pointer }), at([0, 0.1, 0.2], 0.3));
  const { times, notes } = await timing({ "0018,1065": ["DS", "0\\50"] });
  assert.deepEqual([times, notes.length], [[0, 0.1, 0.2], 1]);
});

Deno.test("openDicom() shows each frame until the next one begins", async () => {
  const elements = { "0018,1065": ["DS", "0\\50\\250"] } as const;
  const frames = await decode(makeDicom({ pixels: join(values), elements }), 20);
  assert.deepEqual(frames.map(([first]) => first), [0, 80, 80, 80, 80, 80, 160, 160]);
});

Deno.test("openDicom() decodes from a moment on, cropped, to the size that is asked for", async () => {
  await withFile(makeDicom({ pixels: join(values) }), async (path) => {
    const { decode } = await openDicom(path);
    const taken: number[] = [];
    const crop = { x: 1, y: 0, width: 2, height: 2 };
    const onFrames = (bytes: Uint8Array) => void taken.push(...bytes);
    await decode({ startSeconds: 0.1, frameRate: 10, size: [2, 2], crop, onFrames });
    assert.deepEqual(taken, [80, 160].flatMap((base) => [1, 2, 5, 6].map((i) => base + 9 * i)));
    taken.length = 0;
    await decode({ startSeconds: 0, frameRate: 10, size: [4, 8], onFrames });
    assert.equal(taken.length, 3 * 4 * 8);
  });
});

Deno.test("openDicom() takes the largest region of tissue, and none that lies outside", async () => {
  const region = async (...items: ReturnType<typeof regionItem>[]) =>
    await withFile(makeDicom({ elements: { "0018,6011": ["SQ", items] } }), async (path) => {
      const { region, notes } = await openDicom(path);
      return { region, notes: notes.length };
    });
  const found = await region(
    regionItem([0, 0, 1, 1]),
    regionItem([1, 0, 3, 1]),
    regionItem([0, 0, 3, 1], 3),
    regionItem([0, 0, 3, 1], 1, 2),
  );
  assert.deepEqual(found, { region: { x: 1, y: 0, width: 3, height: 2 }, notes: 0 });
  assert.deepEqual(await region(regionItem([0, 0, 4, 1])), { region: undefined, notes: 1 });
  assert.deepEqual(await region(), { region: undefined, notes: 0 });
});
