import assert from "node:assert/strict";
import fc from "fast-check";
import { parseGaze } from "../../../lib/data/gaze_table.ts";

function refuse(line: number, must: string, received?: unknown): never {
  throw new Error(`line ${line}: ${must}, received ${received}`);
}

const parse = (text: string, hasBox = false) => parseGaze(text, { hasBox, refuse });

Deno.test("parseGaze() reads seconds, x and y, as shares while no number is beyond 2", () => {
  assert.deepEqual(parse("seconds,x,y\n0.5,0.25,-0.1\n0.6,1.5,1\n"), {
    unit: "shares",
    samples: [{ seconds: 0.5, x: 0.25, y: -0.1 }, { seconds: 0.6, x: 1.5, y: 1 }],
  });
  assert.equal(parse("seconds,x,y\n0.5,0.25,0.1\n0.6,3,1\n").unit, "pixels");
  assert.equal(parse("seconds,x_px,y_px\n0.5,1,1\n").unit, "pixels");
});

Deno.test("parseGaze() takes rows with a duration for fixations, in the time's unit", () => {
  assert.deepEqual(parse("start_ms,duration,gaze_x,gaze_y\n1500,250,100,50\n"), {
    unit: "pixels",
    samples: [],
    fixations: [{ seconds: 1.5, durationSeconds: 0.25, x: 100, y: 50 }],
  });
});

/** As Tobii Pro Lab exports: tabs, decimal commas, rows of other things, both places. */
const proLab = [
  "Recording timestamp [μs]\tEvent\tGaze point X [DACS px]\tGaze point Y [DACS px]\tGaze point X [MCS norm]" +
  "\tGaze point Y [MCS norm]\tValidity left\tValidity right\tEye movement type\tEye movement type index",
  "0\tRecordingStart\t\t\t\t\t\t\t\t",
  "10000\t\t960\t540\t0,5\t0,5\tValid\tValid\tFixation\t1",
  "20000\t\t962\t540\t0,52\t0,5\tValid\tInvalid\tFixation\t1",
  "25000\tMouseClick\t\t\t\t\t\t\t\t",
  "30000\t\t964\t540\t0,54\t0,5\tInvalid\tValid\tFixation\t1",
  "40000\t\t1200\t540\t0,7\t0,5\tValid\tValid\tSaccade\t1",
  "50000\t\t1400\t700\t0,8\t0,7\tInvalid\tInvalid\tEyesNotFound\t1",
  "60000\t\t1400\t700\t0,9\t0,25\tValid\tValid\tFixation\t2",
  "70000\t\t1400\t700\t0,9\t0,75\tValid\tValid\tFixation\t2",
  "80000\t\t100\t70\t0,1\t0,1\tValid\tValid\tFixation\t3",
].join("\r\n");

const rounded = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, v) => typeof v === "number" ? Math.round(v * 1e9) / 1e9 : v));

Deno.test("parseGaze() reads an export of Tobii Pro Lab in media coordinates, with its fixations", () => {
  const table = parse(proLab);
  assert.equal(table.unit, "shares");
  assert.deepEqual(rounded(table.samples.map(({ seconds }) => seconds)), [
    0.01,
    0.02,
    0.03,
    0.04,
    0.06,
    0.07,
    0.08,
  ]);
  assert.deepEqual(rounded(table.fixations), [
    { seconds: 0.01, durationSeconds: 0.03, x: 0.52, y: 0.5 },
    { seconds: 0.06, durationSeconds: 0.02, x: 0.9, y: 0.5 },
    { seconds: 0.08, durationSeconds: 0, x: 0.1, y: 0.1 },
  ]);
});

Deno.test("parseGaze() reads places on the display when the manifest says where the video was", () => {
  const table = parse(proLab, true);
  assert.deepEqual([table.unit, table.samples[0].x, table.samples[0].y], ["pixels", 960, 540]);
});

Deno.test("parseGaze() reads an export of Tobii Studio: milliseconds, codes of validity, types of event", () => {
  const text = [
    "RecordingTimestamp\tGazePointX (MCSpx)\tGazePointY (MCSpx)\tValidityLeft\tValidityRight\tGazeEventType" +
    "\tGazeEventDuration\tFixationIndex",
    "100\t320\t240\t0\t0\tFixation\t300\t1",
    "117\t322\t240\t0\t4\tFixation\t300\t1",
    "133\t\t\t4\t4\tUnclassified\t17\t",
    "150\t900\t9\t4\t4\tSaccade\t17\t",
  ].join("\n");
  const { unit, samples, fixations } = rounded(parse(text));
  assert.equal(unit, "pixels");
  assert.deepEqual(samples, [{ seconds: 0.1, x: 320, y: 240 }, { seconds: 0.117, x: 322, y: 240 }]);
  assert.deepEqual(fixations, [{ seconds: 0.1, durationSeconds: 0.033, x: 321, y: 240 }]);
});

Deno.test("parseGaze() leaves out rows that are not valid or have no place", () => {
  const { samples } = parse(
    "time,x,y,valid\n0,0.1,0.1,1\n0.1,0.2,0.2,0\n0.2,,,1\n0.3,NaN,NaN,True\n0.4,0.5,0.5,true\n",
  );
  assert.deepEqual(samples.map(({ seconds }) => seconds), [0, 0.4]);
});

Deno.test("parseGaze() reads any text to gaze in order of time, or refuses it with a line", () => {
  const words = [
    "seconds",
    "x",
    "y",
    "valid",
    "duration",
    "Eye movement type",
    "Fixation",
    "0.5",
    "-1",
    "nan",
    '"',
    "1e9",
  ];
  const pieces = fc.constantFrom(...words, ",", ",", ",", "\n", "\n", "\t", ";", "");
  const head = fc.constantFrom("seconds,x,y\n", "time_ms,x,y,duration\n", "");
  fc.assert(
    fc.property(head, fc.array(pieces, { maxLength: 40 }), (start, rest) => {
      try {
        const { samples, fixations = [] } = parse(start + rest.join(""));
        for (const list of [samples, fixations]) {
          list.slice(1).forEach(({ seconds }, i) => assert.ok(seconds >= list[i].seconds));
          for (const { seconds, x, y } of list) assert.ok([seconds, x, y].every(Number.isFinite));
        }
      } catch (error) {
        assert.match((error as Error).message, /^line \d+: /);
      }
    }),
    { numRuns: 2000 },
  );
});

const refused: [string, string, RegExp][] = [
  ["nothing", "", /line 1: there must be a line/],
  ["no time", "x,y\n1,2\n", /line 1: there must be a column for the time/],
  ["no y of the same kind", "seconds,x_px,y_norm\n0,1,2\n", /line 1: there must be columns x and y/],
  ["millimetres alone", "seconds,Gaze point X [DACS mm],Gaze point Y [DACS mm]\n0,1,2\n", /columns x and y/],
  ["a strange unit of time", "time [fortnights],x,y\n0,1,2\n", /line 1: a time's unit must be.*fortnights/],
  ["a word for a place", "seconds,x,y\n0,1,2\n1,left,2\n", /line 3: x must be a number.*left/],
  ["a place without a time", "seconds,x,y\n0,1,2\n,1,2\n", /line 3: the time must not be empty/],
  ["times that go back", "seconds,x,y\n5,1,2\n6,1,2\n0,1,2\n", /line 4: times must not go back/],
  ["a duration of nothing", "start,duration,x,y\n5,0,1,2\n", /line 2: the duration must be positive/],
  ["a strange word for validity", "seconds,x,y,valid\n5,1,2,maybe\n", /line 2: valid must be one of.*maybe/],
  [
    "places on the display without a box",
    "seconds,GazePointX (ADCSpx),GazePointY (ADCSpx)\n1,1,1\n",
    /need gaze_box/,
  ],
  [
    "milliseconds that say nothing of it",
    "time,x,y\n0,1,1\n8,1,1\n17,1,1\n25,1,1\n",
    /line 1: times must be in sec/,
  ],
];
for (const [what, csv, message] of refused) {
  Deno.test(`parseGaze() refuses ${what}, naming the line`, () => {
    assert.throws(() => parse(csv), { message });
  });
}
