/**
 * Files of gaze: what eye trackers and people export.
 *
 * A CSV file with a time, x and y a row; other columns are left alone. Read are, in any case and spelling of blanks,
 *
 * - time: `seconds`, `time`, `timestamp`, `start`, `Recording timestamp`;
 * - place: `x` and `y`, `gaze_x`, `Gaze point X`, `Fixation point X`, each with its y;
 * - `duration`, `Gaze event duration`: then a row is a fixation;
 * - `Eye movement type` (or `Gaze event type`, with its index where there is one): rows of type Fixation that follow
 *   each other are one fixation;
 * - `Validity left`, `Validity right` (Valid, or Tobii's codes 0 and 1) and `valid`: rows without a valid eye have no
 *   place, nor have rows whose place is empty.
 *
 * Units come from the header, in brackets or at its end: `[ms]`, `[μs]`, `_ms`, `_seconds`; without one a time is in
 * seconds. A place in `px` is in pixels, in `norm` in shares of the picture; without a unit it is in shares when no
 * number in the file is beyond ±2, else in pixels. Places on the display (Tobii's ADCS, DACS) need the box of the
 * display in which the video was shown; media coordinates (MCS) are the video's own and come first where there is no
 * such box.
 *
 * @module
 */

import { type CsvTable, readCsvTable } from "./csv_table.ts";

/** A place at a time, in the file's units of place; or none, when the eye was not found. */
export interface TableSample {
  /** On the tracker's clock. */
  seconds: number;
  /** From left to right. */
  x: number;
  /** From top to bottom. */
  y: number;
}

/** The eye at rest, in the file's units of place. */
export interface TableFixation extends TableSample {
  /** How long it rests. */
  durationSeconds: number;
}

/** What a file of gaze says. */
export interface GazeTable {
  /** The unit of places: pixels, or shares of the picture. */
  unit: "pixels" | "shares";
  /** Places in order of time; none when rows are fixations. */
  samples: TableSample[];
  /** Fixations in order of time; missing when the file does not tell them. */
  fixations?: TableFixation[];
}

type Refuse = (line: number, must: string, received?: unknown) => never;

const names = {
  time: ["time", "timestamp", "recordingtimestamp", "start", "starttime", "t"],
  x: ["x", "gazex", "gazepointx", "fixationpointx", "fixationx"],
  y: ["y", "gazey", "gazepointy", "fixationpointy", "fixationy"],
  duration: ["duration", "fixationduration", "gazeeventduration"],
  movement: ["eyemovementtype", "gazeeventtype"],
  movementIndex: ["eyemovementtypeindex", "eyemovementindex", "fixationindex"],
  validLeft: ["validityleft"],
  validRight: ["validityright"],
  valid: ["valid", "validity"],
} as const;
type Column = keyof typeof names;

const secondsPerUnit: Readonly<Record<string, number>> = {
  ...{ s: 1, sec: 1, seconds: 1, ms: 1e-3, milliseconds: 1e-3, us: 1e-6, microseconds: 1e-6, ns: 1e-9 },
};
/** Tobii Studio writes no unit where it means milliseconds. */
const studioTime = "RecordingTimestamp", studioDuration = "GazeEventDuration";

/** A column of the file: where, and in which unit. */
interface Found {
  index: number;
  unit: string;
}

type Columns = ReadonlyMap<Column, Found>;

/** What is known of a file besides its text. */
export interface GazeTableOptions {
  /** Whether it is known where on the display the video was shown. */
  hasBox: boolean;
  /** Called with the line of what is not valid; must throw. */
  refuse: Refuse;
}

/** Reads a file of gaze. */
export function parseGaze(text: string, { hasBox, refuse }: GazeTableOptions): GazeTable {
  let columns: Columns = new Map();
  const table = readCsvTable(text, {
    pick: (header, line) => {
      columns = findColumns(header, line, hasBox, refuse);
      return [...columns.values()].map(({ index }) => index);
    },
    refuse,
  });
  if (table.header.length === 0) refuse(1, "there must be a line with the columns' names");
  const rows = readRows(table, columns, refuse);
  requireSeconds(rows, columns.get("time")!, table.headerLine, refuse);
  const unit = unitOf(rows, columns.get("x")!.unit);
  if (columns.has("movement")) {
    return { unit, samples: rows.filter(hasPlace).map(toSample), fixations: joinFixations(rows) };
  }
  const samples = rows.filter(hasPlace).map(toSample);
  if (!columns.has("duration")) return { unit, samples };
  const fixations = rows.filter(hasPlace).map((row) => ({
    ...toSample(row),
    durationSeconds: row.duration!,
  }));
  return { unit, samples: [], fixations };
}

/** A header's name without blanks and its unit, in lower case. */
function readHeader(raw: string): { name: string; unit: string } {
  if (raw === studioTime || raw === studioDuration) return { name: raw.toLowerCase(), unit: "ms" };
  const text = raw.toLowerCase().replaceAll(/[μµ]/g, "u");
  if (text in secondsPerUnit && text !== "s") return { name: "time", unit: text };
  const [, stem, inside] = /^(.*?)\s*[[(](.*)[\])]$/.exec(text) ?? [];
  const [, start, end] = /^(.*)_(seconds|sec|s|ms|us|ns|px|pixels|norm)$/.exec(text) ?? [];
  const clean = (part: string) => part.replaceAll(/[^a-z0-9]/g, "");
  return { name: clean(stem ?? start ?? text), unit: clean(inside ?? end ?? "") };
}

function findColumns(header: readonly string[], line: number, hasBox: boolean, refuse: Refuse): Columns {
  const read = header.map((raw, index) => ({ ...readHeader(raw), index }));
  const candidates = (column: Column) =>
    read.filter(({ name }) => (names[column] as readonly string[]).includes(name))
      .toSorted((a, b) => names[column].indexOf(a.name as never) - names[column].indexOf(b.name as never));
  const columns = new Map<Column, Found>();
  for (const column of Object.keys(names) as Column[]) {
    if (column === "x" || column === "y") continue;
    const found = candidates(column)[0];
    if (found) columns.set(column, found);
  }
  const time = columns.get("time") ??
    refuse(line, "there must be a column for the time, as seconds", header.join());
  for (const { unit } of [time, columns.get("duration")].filter((column) => column !== undefined)) {
    if (unit !== "" && !(unit in secondsPerUnit)) refuse(line, "a time's unit must be s, ms, μs or ns", unit);
  }
  for (const [column, found] of findPlace(candidates("x"), candidates("y"), hasBox, line, refuse)) {
    columns.set(column, found);
  }
  return columns;
}

const isOnDisplay = (unit: string) => unit.startsWith("adcs") || unit.startsWith("dacs");

/** The x and y that suit best: media coordinates, or with a box those of the display. */
function findPlace(
  xs: readonly (Found & { name: string })[],
  ys: readonly (Found & { name: string })[],
  hasBox: boolean,
  line: number,
  refuse: Refuse,
): ["x" | "y", Found][] {
  const pairs = xs.flatMap((x) => {
    const y = ys.find(({ name, unit }) => name === x.name.replace(/x$/, "y") && unit === x.unit);
    return y && !x.unit.includes("mm") ? [{ x, y }] : [];
  });
  const rank = (unit: string) => isOnDisplay(unit) === hasBox ? 0 : unit.startsWith("mcs") ? 2 : 1;
  const best = pairs.toSorted((a, b) => rank(a.x.unit) - rank(b.x.unit))[0];
  if (!best) return refuse(line, "there must be columns x and y for the place");
  if (!hasBox && isOnDisplay(best.x.unit)) {
    refuse(line, "places on the display need gaze_box in the manifest: where on it the video was shown");
  }
  return [["x", best.x], ["y", best.y]];
}

interface GazeRow extends TableSample {
  line: number;
  duration?: number;
  /** Whether the eye rests, where the file says so, and in which of the eye's movements. */
  isFixation?: boolean;
  movementIndex?: string;
}

const hasPlace = ({ x, y }: GazeRow) => Number.isFinite(x) && Number.isFinite(y);
const toSample = ({ seconds, x, y }: GazeRow): TableSample => ({ seconds, x, y });
const absent = new Set(["", "-", "nan", "na", "n/a", "null", "none"]);

function readRows(table: CsvTable, columns: Columns, refuse: Refuse): GazeRow[] {
  const places = new Map([...columns.keys()].map((column, place) => [column, place]));
  const scale = (column: Column) => secondsPerUnit[columns.get(column)?.unit || "s"];
  const durationUnit = columns.get("duration")?.unit ? scale("duration") : scale("time");
  const isTable = columns.has("duration") && !columns.has("movement");
  let last = -Infinity;
  return table.rows.flatMap(({ values, line }) => {
    const text = (column: Column) => values[places.get(column) ?? -1] ?? "";
    const number = (column: Column) => {
      const field = text(column);
      if (absent.has(field.toLowerCase())) return NaN;
      const value = table.toNumber(field);
      return Number.isFinite(value) ? value : refuse(line, `${names[column][0]} must be a number`, field);
    };
    const isSeen = isValid(text, columns, line, refuse);
    const [x, y] = isSeen ? [number("x"), number("y")] : [NaN, NaN];
    const isPlaced = Number.isFinite(x) && Number.isFinite(y);
    const seconds = number("time") * scale("time");
    // Rows of other things, as key presses, may have no time.
    if (!isPlaced && !Number.isFinite(seconds)) return [];
    if (!Number.isFinite(seconds)) refuse(line, "the time must not be empty");
    if (seconds < last) refuse(line, "times must not go back: one recording a file", text("time"));
    last = seconds;
    const row: GazeRow = { seconds, x, y, line };
    if (columns.has("movement")) {
      const type = text("movement").toLowerCase();
      if (type !== "") row.isFixation = type === "fixation";
      row.movementIndex = text("movementIndex");
    }
    if (isTable && isPlaced) {
      row.duration = number("duration") * durationUnit;
      if (!(row.duration > 0)) refuse(line, "the duration must be positive", text("duration"));
    }
    return [row];
  });
}

function isValid(text: (column: Column) => string, columns: Columns, line: number, refuse: Refuse): boolean {
  const verdict = (column: Column, good: readonly string[], bad: readonly string[]) => {
    const word = text(column).toLowerCase();
    if (good.includes(word)) return true;
    // A row of something else than gaze has no word.
    if (word === "" || bad.includes(word)) return false;
    return refuse(line, `${names[column][0]} must be one of ${[...good, ...bad].join(", ")}`, word);
  };
  const eyes = (["validLeft", "validRight"] as const).filter((column) => columns.has(column));
  const eyesAre = eyes.map((column) => verdict(column, ["valid", "0", "1"], ["invalid", "2", "3", "4"]));
  if (eyes.length > 0 && !eyesAre.includes(true)) return false;
  return !columns.has("valid") ||
    verdict("valid", ["1", "true", "yes", "valid"], ["0", "false", "no", "invalid"]);
}

/** Times taken for seconds that are none would move every place to another picture. */
function requireSeconds(rows: readonly GazeRow[], time: Found, line: number, refuse: Refuse): void {
  if (time.unit !== "" || rows.length < 4) return;
  const steps = rows.slice(1).map(({ seconds }, i) => seconds - rows[i].seconds).toSorted((a, b) => a - b);
  const median = steps[steps.length >> 1];
  if (median > 2) {
    refuse(line, "times must be in seconds, or their header name the unit, as time [ms]", median);
  }
}

function unitOf(rows: readonly GazeRow[], unit: string): GazeTable["unit"] {
  if (unit.includes("norm")) return "shares";
  if (/px|pixel/.test(unit)) return "pixels";
  return rows.every((row) => !hasPlace(row) || Math.max(Math.abs(row.x), Math.abs(row.y)) <= 2)
    ? "shares"
    : "pixels";
}

/** Rows in which the eye rests and that belong to one movement: the mean of their places, from first to last. */
function joinFixations(rows: readonly GazeRow[]): TableFixation[] {
  const fixations: TableFixation[] = [];
  let group: GazeRow[] = [];
  const finish = (nextSeconds?: number) => {
    const placed = group.filter(hasPlace);
    if (placed.length > 0) {
      const [start, end] = [group[0].seconds, group.at(-1)!.seconds];
      // The last row lasts as the others do, but not beyond the next one.
      const step = group.length > 1 ? (end - start) / (group.length - 1) : Infinity;
      const lasts = Math.min(step, (nextSeconds ?? Infinity) - end);
      const mean = (value: (row: GazeRow) => number) =>
        placed.reduce((sum, row) => sum + value(row), 0) / placed.length;
      fixations.push({
        seconds: start,
        durationSeconds: end - start + (Number.isFinite(lasts) ? lasts : 0),
        x: mean(({ x }) => x),
        y: mean(({ y }) => y),
      });
    }
    group = [];
  };
  for (const row of rows) {
    // Rows of other things than gaze have no type and interrupt nothing.
    if (row.isFixation === undefined) continue;
    const goesOn = row.isFixation && group.length > 0 && group[0].movementIndex === row.movementIndex;
    if (group.length > 0 && !goesOn) finish(row.seconds);
    if (row.isFixation) group.push(row);
  }
  if (group.length > 0) finish();
  return fixations;
}
