import assert from "node:assert/strict";
import fc from "fast-check";
import { openDicom } from "../../../lib/media/dicom.ts";
import { UnusableMediaError } from "../../../lib/media/unusable.ts";
import {
  colouredFrames,
  colours,
  decode,
  deep,
  expected,
  geometry,
  greys,
  palette,
  photometric,
  regionItem,
  size,
  values,
  withFile,
} from "./dicom_values.ts";
import { type DicomSpec, encodeFrames, encodeRle, join, makeDicom, syntaxes } from "./make_dicom.ts";

/** Why a file cannot be used. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await decode(bytes).then(() => assert.fail("it was taken"), (error) => error);
  if (!(error instanceof UnusableMediaError)) throw error;
  assert.ok(!/secret/i.test(error.message), error.message);
  return `${error.reason}: ${error.detail}`;
}

const rle = values.map((frame) => encodeRle([frame]));
const refused: [string, DicomSpec | Uint8Array, RegExp][] = [
  ["big-endian files", { syntax: syntaxes.bigEndian }, /^unsupported format: .*big-endian/],
  ["deflated files", { syntax: syntaxes.deflated }, /^unsupported format: .*deflated/],
  ["coded videos", { syntax: syntaxes.mpeg4 }, /^unsupported format: .*coded video/],
  ["an unknown transfer syntax", { syntax: "1.2.3" }, /^unsupported format: .*1\.2\.3/],
  ["a single picture", { elements: { "0028,0008": ["IS", "1"] }, pixels: values[0] }, /^no video/],
  ["a cine without times", { elements: { "0018,1063": undefined } }, /^unsupported format: .*how fast/],
  ["times that last for days", { elements: { "0018,1063": ["DS", "1e9"] } }, /^corrupt: .*833 hours/],
  ["times that stand still", { elements: { "0018,1063": ["DS", "0"] } }, /^unsupported format: .*how fast/],
  [
    "more frames than there are",
    { elements: { "0028,0008": ["IS", "4"] } },
    /^corrupt: .*4 frames and has bytes for 3$/,
  ],
  [
    "fewer frames than there are",
    { elements: { "0028,0008": ["IS", "2"] } },
    /^corrupt: .*2 frames and has bytes for 3$/,
  ],
  [
    "a number of frames that is none",
    { elements: { "0028,0008": ["IS", "many"] } },
    /^corrupt: .*number of frames/,
  ],
  ["no rows", { elements: { "0028,0010": undefined } }, /^corrupt: .*rows/],
  [
    "pictures larger than any",
    { elements: { "0028,0010": ["US", [65535]], "0028,0011": ["US", [65535]] } },
    /^corrupt/,
  ],
  ["samples that do not fit", { elements: { "0028,0002": ["US", [3]] } }, /^corrupt: .*3 samples/],
  ["an unknown photometric interpretation", { elements: photometric("CMYK") }, /^unsupported format: .*CMYK/],
  ["bits that do not fit", { elements: { "0028,0101": ["US", [12]] } }, /^corrupt: .*12 bits/],
  [
    "samples of one bit",
    { elements: { ...deep, "0028,0100": ["US", [32]] } },
    /^unsupported format: .*32 bits/,
  ],
  ["a palette that is missing", { elements: photometric("PALETTE COLOR") }, /^unsupported format: .*palette/],
  ["native pixels said to be packed", { syntax: syntaxes.jpeg }, /^corrupt: .*packing/],
  ["packed pixels said to be native", { fragments: rle }, /^corrupt: .*packing/],
  [
    "too few pieces",
    { syntax: syntaxes.rle, fragments: rle.slice(1) },
    /^corrupt: .*3 frames and holds 2 pieces/,
  ],
  ["too many RLE pieces", { syntax: syntaxes.rle, fragments: [...rle, rle[0]] }, /^corrupt: .*more pieces/],
  [
    "an RLE frame cut short",
    { syntax: syntaxes.rle, fragments: rle.map((frame) => frame.subarray(0, 70)) },
    /^corrupt: .*of 8 bytes/,
  ],
  ["an RLE frame of too few segments", {
    syntax: syntaxes.rle,
    fragments: rle,
    elements: { ...colours, ...photometric("RGB") },
  }, /^corrupt: .*3 segments, one has 1/],
  [
    "an RLE header cut short",
    { syntax: syntaxes.rle, fragments: rle.map((frame) => frame.subarray(0, 40)) },
    /^corrupt: .*header/,
  ],
  ["words for JPEG", { syntax: syntaxes.jpeg, fragments: rle }, /^corrupt: frame 0 is not coded as jpeg/],
  ["a file that ends in its pixels", makeDicom({}).slice(0, -5), /^truncated: .*3 frames and holds 2/],
  [
    "a file that ends in a piece",
    makeDicom({ syntax: syntaxes.rle, fragments: rle, endMark: false }).slice(0, -5),
    /^truncated/,
  ],
  ["a file that ends in its header", makeDicom({}).slice(0, 300), /^corrupt/],
  ["a file of nothing more than its mark", makeDicom({}).slice(0, 132), /^(corrupt|unsupported)/],
];
for (const [what, made, message] of refused) {
  Deno.test(`openDicom() puts aside ${what}`, async () => {
    assert.match(await refusal(made instanceof Uint8Array ? made : makeDicom(made)), message);
  });
}

Deno.test("openDicom() puts aside JPEG frames of another size, of other components and cut short", async () => {
  const syntax = syntaxes.jpegLs;
  const coded = await encodeFrames(greys, {
    format: "gray",
    size,
    coding: ["-c:v", "jpegls"],
    extension: "jls",
  });
  const tall = { ...geometry, "0028,0010": ["US", [size[1] + 1]] } as const;
  assert.match(
    await refusal(makeDicom({ syntax, fragments: coded, elements: tall })),
    /^corrupt: frame 0 is 16 × 8/,
  );
  const elements = colouredFrames("RGB");
  assert.match(
    await refusal(makeDicom({ syntax, fragments: coded, elements })),
    /^corrupt: .*must be 16 × 8 with 3/,
  );
  const cut = [coded[0], coded[1].subarray(0, 30), coded[2]];
  assert.match(
    await refusal(makeDicom({ syntax, fragments: cut, elements: geometry })),
    /^corrupt: frame 1 is cut/,
  );
});

Deno.test("openDicom() reads a file whose end of pixels is not marked, with a note", async () => {
  const bytes = makeDicom({ syntax: syntaxes.rle, fragments: rle, endMark: false });
  assert.deepEqual(await decode(bytes), expected);
});

Deno.test("openDicom() never fails in another way than by putting a file aside", async () => {
  const seeds = [
    makeDicom({ pixels: join(values) }),
    makeDicom({ syntax: syntaxes.implicit, elements: { "0018,6011": ["SQ", [regionItem([0, 0, 3, 1])]] } }),
    makeDicom({ syntax: syntaxes.rle, fragments: rle, elements: palette(8) }),
  ];
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  const property = fc.asyncProperty(
    fc.constantFrom(...seeds),
    changes,
    fc.double({ min: 0.1, max: 1.5, noNaN: true }),
    async (seed, list, share) => {
      const bytes = seed.slice(0, Math.ceil(seed.length * Math.min(1, share)));
      // The preamble may hold anything; what matters begins after it.
      for (const [place, value] of list) bytes[132 + place % (bytes.length - 132)] = value;
      await withFile(bytes, async (path) => {
        try {
          const { decode, extent } = await openDicom(path);
          // A frame may last for years after a change; a few pictures are enough.
          const frameRate = 3 / extent.endSeconds;
          await decode({ startSeconds: 0, frameRate, size: [2, 2], onFrames: () => {} });
        } catch (error) {
          if (!(error instanceof UnusableMediaError)) throw error;
        }
      });
    },
  );
  await fc.assert(property, { numRuns: 150 });
});
