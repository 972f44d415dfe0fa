/**
 * What people keep with runs and windows: pins, tags, notes, and marks of what speech is about. All of it lies in one
 * file beside the runs, `dashboard.json`.
 *
 * @module
 */

import { Refusal } from "./guard.ts";
import { changeRunsRoot } from "./runs_root.ts";
import type { MarkWire, SpeechMark } from "./wire/pace.ts";
import type { AnnotationChange, RunAnnotation } from "./wire/runs.ts";

const fileName = "dashboard.json";
const mostTags = 12;
const longestTag = 40;
const longestNote = 4000;
const speechMarks: readonly SpeechMark[] = ["related", "unrelated"];

/** A mark as it is kept; the window's place stays with it, for whoever reads the file without the dataset. */
export interface StoredMark extends Omit<MarkWire, "windowId"> {
  /** Who marks for science says when. ISO 8601. */
  markedAt: string;
}

interface Contents {
  runs: Map<string, RunAnnotation>;
  /** By dataset, then by window. */
  marks: Map<string, Map<number, StoredMark>>;
}

/** Reads and changes the annotations of one folder of runs. */
export class Annotations {
  readonly #root: string;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(runsDirectory: string) {
    this.#root = runsDirectory;
  }

  /** What is kept with each run; nothing of a file that cannot be read. */
  async ofRuns(): Promise<ReadonlyMap<string, RunAnnotation>> {
    return (await this.#read().catch(() => nothing())).runs;
  }

  /** The marks of a dataset's windows. */
  async marksOf(datasetId: string): Promise<ReadonlyMap<number, StoredMark>> {
    return (await this.#read()).marks.get(datasetId) ?? new Map();
  }

  /** Changes what is kept with a run. @throws Refusal 400 for what cannot be kept. */
  async annotate(run: string, change: AnnotationChange): Promise<RunAnnotation> {
    const checked = checkedChange(change);
    return await this.#change((contents) => {
      const next = { ...noAnnotation, ...contents.runs.get(run), ...checked };
      if (isEmpty(next)) contents.runs.delete(run);
      else contents.runs.set(run, next);
      return next;
    });
  }

  /** Marks a window of a dataset, or takes its mark back. @throws Refusal 400 for what is no mark. */
  async mark(
    datasetId: string,
    window: { id: number; scanId: string; startSeconds: number },
    mark: unknown,
  ): Promise<StoredMark | null> {
    const known = speechMarks.find((one) => one === mark);
    if (mark !== null && known === undefined) {
      throw new Refusal(400, `mark must be null or one of ${speechMarks.join(", ")}.`);
    }
    return await this.#change(({ marks }) => {
      const ofDataset = marks.get(datasetId) ?? new Map<number, StoredMark>();
      marks.set(datasetId, ofDataset);
      if (known === undefined) {
        ofDataset.delete(window.id);
        return null;
      }
      const { scanId, startSeconds } = window;
      const stored = { mark: known, scanId, startSeconds, markedAt: new Date().toISOString() };
      ofDataset.set(window.id, stored);
      return stored;
    });
  }

  /** One change after the other, each on what the file says then: another server may have written meanwhile. */
  #change<T>(change: (contents: Contents) => T): Promise<T> {
    const result = this.#queue.then(async () => {
      const contents = await this.#read();
      const answer = change(contents);
      const bytes = new TextEncoder().encode(JSON.stringify(toJson(contents), null, 2) + "\n");
      await changeRunsRoot(this.#root, { kind: "write", file: fileName, bytes });
      return answer;
    });
    this.#queue = result.catch(() => {});
    return result;
  }

  async #read(): Promise<Contents> {
    try {
      return fromJson(JSON.parse(await Deno.readTextFile(`${this.#root}/${fileName}`)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return nothing();
      throw new Refusal(503, `${fileName} beside the runs cannot be read; mend it or move it away.`);
    }
  }
}

/** What is kept with a run that nobody touched. */
export const noAnnotation: RunAnnotation = { pinned: false, tags: [], note: "" };

function isEmpty({ pinned, tags, note }: RunAnnotation): boolean {
  return !pinned && tags.length === 0 && note === "";
}

function nothing(): Contents {
  return { runs: new Map(), marks: new Map() };
}

/** Names are keys of objects here, `__proto__` among them: entries become properties whatever they are called. */
function toJson({ runs, marks }: Contents): unknown {
  return {
    version: 1,
    runs: Object.fromEntries(runs),
    marks: Object.fromEntries([...marks].map(([dataset, windows]) => [dataset, Object.fromEntries(windows)])),
  };
}

function fromJson(json: unknown): Contents {
  const { version, runs, marks } = json as {
    version: number;
    runs: Record<string, RunAnnotation>;
    marks: Record<string, Record<string, StoredMark>>;
  };
  if (version !== 1) throw new Error("another version");
  return {
    runs: new Map(
      Object.entries(runs).map(([name, kept]) => [name, { ...noAnnotation, ...checkedChange(kept) }]),
    ),
    marks: new Map(
      Object.entries(marks).map(([dataset, windows]) => [
        dataset,
        new Map(Object.entries(windows).map(([id, mark]) => [Number(id), checkedMark(mark)])),
      ]),
    ),
  };
}

/** A mark as it was kept; somebody else may have written the file since. */
function checkedMark(kept: StoredMark): StoredMark {
  const { mark, scanId, startSeconds, markedAt } = kept;
  if (!speechMarks.includes(mark)) throw new Error("another mark");
  return { mark, scanId: String(scanId), startSeconds: Number(startSeconds), markedAt: String(markedAt) };
}

function checkedChange(change: AnnotationChange): AnnotationChange {
  const checked: AnnotationChange = {};
  if (change.pinned !== undefined) {
    if (typeof change.pinned !== "boolean") throw new Refusal(400, "pinned must be true or false.");
    checked.pinned = change.pinned;
  }
  if (change.note !== undefined) checked.note = checkedText(change.note, "note", longestNote).trim();
  if (change.tags !== undefined) {
    if (!Array.isArray(change.tags) || change.tags.length > mostTags) {
      throw new Refusal(400, `tags must be a list of at most ${mostTags}.`);
    }
    const tags = change.tags.map((tag) => checkedText(tag, "A tag", longestTag).trim());
    checked.tags = [...new Set(tags.filter((tag) => tag !== ""))];
  }
  return checked;
}

/** Text without what would make it look like another: marks of direction and control characters but line ends. */
function checkedText(text: unknown, name: string, longest: number): string {
  if (typeof text !== "string" || text.length > longest) {
    throw new Refusal(400, `${name} must be a text of at most ${longest} characters.`);
  }
  if (/[^\P{Cc}\n\r\t]|\p{Cs}|\p{Bidi_Control}/u.test(text)) {
    throw new Refusal(400, `${name} must not hold control characters or marks of direction.`);
  }
  return text;
}
