import assert from "node:assert/strict";
import { parseManifest } from "../../../lib/data/manifest.ts";
import { SonospeechError } from "../../../lib/errors.ts";

const at = "/data set/scans.csv";

Deno.test("parseManifest() reads all columns, in any order, with paths relative to the manifest", () => {
  const csv =
    "\ufeffVideo,split,subject,scan,speech,speech_offset_seconds,labels,gaze,gaze_offset_seconds,gaze_box,mask,bleep\r\n" +
    '"a, b.mp4",test,p1,first,sound/%d.wav,-0.5,planes/1.csv,gaze/1.tsv,2.5,"240, 60 1440 960",../m.json,out/1.csv\r\n' +
    "\r\n" +
    "/else/where.mkv,,p2,,,,,,,,,\r\n";
  assert.deepEqual(parseManifest(csv, at), {
    items: [
      {
        name: "first",
        file: "first",
        subject: "p1",
        video: "/data set/a, b.mp4",
        speech: "/data set/sound/%d.wav",
        speechOffsetSeconds: -0.5,
        labels: "/data set/planes/1.csv",
        gaze: "/data set/gaze/1.tsv",
        gazeOffsetSeconds: 2.5,
        gazeBox: { x: 240, y: 60, width: 1440, height: 960 },
        mask: "/m.json",
        bleep: "/data set/out/1.csv",
        split: "test",
      },
      {
        name: "where",
        file: "/else/where.mkv",
        subject: "p2",
        video: "/else/where.mkv",
        speech: undefined,
        speechOffsetSeconds: 0,
        labels: undefined,
        gaze: undefined,
        gazeOffsetSeconds: 0,
        gazeBox: undefined,
        mask: undefined,
        bleep: undefined,
        split: undefined,
      },
    ],
    warnings: [],
  });
});

Deno.test("parseManifest() takes patient for subject and leaves other columns alone, saying so", () => {
  const { items, warnings } = parseManifest("video,patient,label,age,b_lines\nx.mp4,7,3,44,yes\n", at);
  assert.equal(items[0].subject, "7");
  assert.deepEqual(warnings, ["scans.csv: columns left alone: label, age, b_lines"]);
});

Deno.test("parseManifest() takes semicolons between fields where the header has them", () => {
  const { items } = parseManifest('subject;video\r\n7;"a;b.mp4"\r\n8;c,d.mp4\r\n', at);
  assert.deepEqual(items.map(({ name, subject }) => [name, subject]), [["a;b", "7"], ["c,d", "8"]]);
});

const refused: [string, string, RegExp][] = [
  ["nothing", "", /line 1: there must be a line/],
  ["a misspelt column", "video,subjct\nx.mp4,1\n", /line 1, column subjct: .*nearest is "subject"/],
  ["no column video", "scan,subject\na,1\n", /line 1: there must be a column video/],
  ["a column twice", "video,subject,patient\nx.mp4,1,1\n", /line 1, column patient: .*once/],
  ["an empty video", "video,subject\nx.mp4,1\n,2\n", /line 3, column video/],
  ["an empty subject", "video,subject\nx.mp4,\n", /line 2, column subject/],
  ["a wrong number of fields", "video,subject\nx.mp4,1,2\n", /line 2: it must be valid CSV/],
  ["an open quote", 'video,subject\n"x.mp4,1\n', /must be valid CSV/],
  [
    "a word for an offset",
    "video,subject,speech,speech_offset_seconds\nx,1,s,1\nx,1,s,soon\n",
    /line 3, column speech_offset_seconds/,
  ],
  [
    "an offset without a speech file",
    "video,subject,speech_offset_seconds\nx,1,0\nx,1,0.5\n",
    /line 3, column speech_offset_seconds: .*needs a speech file.*"0.5"/,
  ],
  ["a decimal comma", "video;subject;speech;speech_offset_seconds\nx;1;s;0,5\n", /line 2, column speech_off/],
  [
    "a gaze offset without gaze",
    "video,subject,gaze,gaze_offset_seconds\nx,1,,2\n",
    /line 2, column gaze_offset_seconds: .*needs a gaze file/,
  ],
  [
    "a box of three",
    'video,subject,gaze,gaze_box\nx,1,g,"1 2 3"\n',
    /line 2, column gaze_box: .*four numbers/,
  ],
  ["a flat box", "video,subject,gaze,gaze_box\nx,1,g,1 2 3 0\n", /line 2, column gaze_box: .*positive/],
  [
    "a box without gaze",
    "video,subject,gaze,gaze_box\nx,1,,1 2 3 4\n",
    /column gaze_box: .*needs a gaze file/,
  ],
  [
    "an unknown split",
    "video,subject,split\nx,1,trian\n",
    /line 2, column split: .*nearest is train.*"trian"/,
  ],
  [
    "a subject in two splits",
    "video,subject,split\nx,1,train\ny,2,test\nz,1,test\n",
    /line 4, column split: .*train on line 2/,
  ],
];
for (const [what, csv, message] of refused) {
  Deno.test(`parseManifest() refuses ${what}, naming the place`, () => {
    assert.throws(() => parseManifest(csv, at), (error) => {
      assert.ok(error instanceof SonospeechError && error.code === "input");
      assert.match(error.message, message);
      assert.ok(!error.publicMessage.includes("data set"));
      return true;
    });
  });
}
