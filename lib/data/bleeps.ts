/**
 * Stretches of speech that are taken out, as where a patient is called by name.
 *
 * A scan's manifest names a CSV file with `start_seconds,end_seconds` on the video's clock, whose zero is where a player
 * starts it. The sound between them becomes silence before anything is made of it, and counts as not voiced.
 *
 * @module
 */

import { basename } from "node:path";
import { SonospeechError } from "../errors.ts";
import { readCsvTable } from "./csv_table.ts";
import type { ScanItem } from "./manifest.ts";
import type { TimeSpan } from "./windows.ts";

/** How much is taken out before and after a stretch: nobody writes times down to the sample. */
const edgeSeconds = 0.005;

/**
 * Reads a scan's list.
 *
 * @returns Stretches on the video's clock, in order, joined where they overlap; none without a list.
 * @throws SonospeechError `input` naming the line of what is not valid.
 */
export async function readBleeps({ bleep: path }: Pick<ScanItem, "bleep">): Promise<TimeSpan[]> {
  if (path === undefined) return [];
  const refuse = (must: string, received?: unknown): never => {
    throw new SonospeechError("input", {
      action: `read the stretches to take out in ${basename(path)}`,
      must,
      received,
      publicMessage: `Cannot read the stretches of speech to take out of a scan: ${must}`,
    });
  };
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    return refuse(`the file must be there and readable (${(error as Error).name})`);
  }
  return parseBleeps(text, (line, must, received) => refuse(`line ${line}: ${must}`, received));
}

/** Reads a list's text; `refuse` is called with the line of what is not valid, and must throw. */
export function parseBleeps(
  text: string,
  refuse: (line: number, must: string, received?: unknown) => never,
): TimeSpan[] {
  const names = ["start_seconds", "end_seconds"];
  const { header, rows, toNumber } = readCsvTable(text, {
    pick: (header, line) => {
      const places = names.map((name) => header.findIndex((column) => column.toLowerCase() === name));
      if (places.includes(-1)) refuse(line, `the columns must be ${names.join()}`, header.join());
      return places;
    },
    refuse,
  });
  if (header.length === 0) refuse(1, `there must be a line with the columns' names, ${names.join()}`);
  const spans = rows.map(({ values, line }) => {
    const [startSeconds, endSeconds] = values.map((value, i) => {
      const seconds = toNumber(value);
      return Number.isFinite(seconds)
        ? seconds
        : refuse(line, `${names[i]} must be a number of seconds`, value);
    });
    if (!(startSeconds < endSeconds)) refuse(line, "start must come before end", [startSeconds, endSeconds]);
    return { startSeconds, endSeconds };
  });
  return join(spans);
}

function join(spans: readonly TimeSpan[]): TimeSpan[] {
  const joined: TimeSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.startSeconds - b.startSeconds)) {
    const last = joined.at(-1);
    if (last && span.startSeconds <= last.endSeconds) {
      joined[joined.length - 1] = { ...last, endSeconds: Math.max(last.endSeconds, span.endSeconds) };
    } else joined.push(span);
  }
  return joined;
}

/** Sums of seconds are not exact: what is nearly a whole sample is one. */
const rounding = 1e-6;

/** Takes stretches out of a sound as it comes. */
export class Bleeper {
  readonly #spans: readonly TimeSpan[];
  readonly #sampleRate: number;
  #done = 0;
  #silenced = 0;

  /** @param spans In order, on the clock of the first sample. */
  constructor(spans: readonly TimeSpan[], sampleRate: number) {
    this.#spans = spans;
    this.#sampleRate = sampleRate;
  }

  /** How much was taken out, seconds. */
  get seconds(): number {
    return this.#silenced / this.#sampleRate;
  }

  /** The next samples, those within stretches being 0. */
  take(samples: Int16Array): Int16Array {
    const out = samples.slice();
    for (const { startSeconds, endSeconds } of this.#spans) {
      const first = Math.floor((startSeconds - edgeSeconds) * this.#sampleRate + rounding) - this.#done;
      const end = Math.ceil((endSeconds + edgeSeconds) * this.#sampleRate - rounding) - this.#done;
      const silenced = out.subarray(Math.max(0, first), Math.max(0, end));
      silenced.fill(0);
      this.#silenced += silenced.length;
    }
    this.#done += samples.length;
    return out;
  }

  /** Voice flags without what a detector heard around a stretch: 0 for every frame that touches one. */
  quieten(flags: Uint8Array, frameSeconds: number): Uint8Array {
    const touches = (frame: number) =>
      this.#spans.some(({ startSeconds, endSeconds }) =>
        frame * frameSeconds < endSeconds && (frame + 1) * frameSeconds > startSeconds
      );
    return flags.map((flag, frame) => flag && !touches(frame) ? 1 : 0);
  }
}

/**
 * What is worth knowing of what was taken out of a scan. A stretch that lies beside it may be one whose times are wrong:
 * then what was to go is still there.
 *
 * @param spans On the scan's axis.
 */
export function bleepNotes(
  spans: readonly TimeSpan[],
  scanSeconds: number,
  takenOutSeconds: number,
): string[] {
  if (spans.length === 0) return [];
  const beside = spans.filter(({ startSeconds, endSeconds }) =>
    endSeconds <= 0 || startSeconds >= scanSeconds
  );
  if (beside.length === spans.length) {
    return ["none of the stretches of speech to take out lies within the scan"];
  }
  const notes = [`${takenOutSeconds.toFixed(2)} s of speech taken out`];
  if (beside.length > 0) {
    notes.push(
      `${beside.length} of ${spans.length} stretches of speech to take out do not lie within the scan: ` +
        "are their times right?",
    );
  }
  return notes;
}
