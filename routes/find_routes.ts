/**
 * Routes under `/api/runs/:run/find`: speech looks for pictures and pictures for speech, in any dataset that the server
 * knows. Nothing that is sent is kept.
 *
 * @module
 */

import { type Context, Hono } from "hono";
import type { Session } from "./access.ts";
import { readBody, readBytes } from "./body.ts";
import { type DatasetLibrary, keyOf, type KnownDataset } from "./dataset_library.ts";
import { windowsToWire } from "./dataset_wire.ts";
import { type FindDesk, searchRefusal } from "./find_desk.ts";
import type { FindJob, Found, IndexPlace, Modality, Question } from "./find_engine.ts";
import { Refusal } from "./guard.ts";
import { wholeNumber } from "./query.ts";
import { withQueryFile } from "./query_file.ts";
import type { RunLibrary } from "./run_library.ts";
import type { FindAnswer, FindDatasetWire, FindQuestion, FindWire } from "./wire/find.ts";

/** The most that a file to search with may have. */
export const mostQueryBytes = 8 * 1024 * 1024;
/** The longest sound to search with. */
const mostSeconds = 60;
const mostWords = 300;
const splits = ["train", "validation", "test"];

/** What these routes work with. */
export interface FindRoutesOptions {
  /** Null where nothing can be searched. */
  desk: FindDesk | null;
  runs: RunLibrary;
  datasets: DatasetLibrary;
  log: (message: string) => void;
}

type Env = { Variables: { session: Session } };

/** The routes of searching; mount them where the path has a `:run`. */
export function findRoutes({ desk, runs, datasets, log }: FindRoutesOptions) {
  const asked = async (c: Context<Env>) => {
    if (!desk) throw new Refusal(503, unavailable);
    return { desk, ...await placeOf(c, runs, datasets) };
  };
  return new Hono<Env>()
    .get("/", async (c) => c.json(await overview(c.req.param("run") ?? "", desk !== null, runs, datasets)))
    .get("/embedding", async (c) => {
      const { desk, key } = await asked(c);
      return c.json(desk.status(key));
    })
    .post("/embedding", async (c) => {
      const { desk, key, place } = await asked(c);
      return c.json(desk.start(key, place, c.get("session"), await threads(runs)), 202);
    })
    .delete("/embedding", async (c) => {
      const { desk, key } = await asked(c);
      const session = c.get("session");
      return c.json(desk.cancel(key, session, session.role === "operator"));
    })
    .delete("/", async (c) => {
      const { desk } = await asked(c);
      desk.giveUp(c.get("session"), questionName(c));
      return c.body(null, 204);
    })
    .post("/", async (c) => {
      const { desk, key, known } = await asked(c);
      try {
        const found = await desk.find(
          key,
          { asker: c.get("session"), question: questionName(c), signal: c.get("session").signal },
          (answer) => withQuestion(c, runs.runsDirectory, (question) => answer(jobOf(c, question))),
        );
        return c.json(answerOf(found, (await datasets.byKey(known.key)).source));
      } catch (error) {
        throw searchRefusal(error, log);
      }
    });
}

/** What a question is called by who asks it. @throws Refusal 400. */
function questionName(c: Context): string {
  const name = c.req.query("question") ?? "";
  if (!/^[\w-]{0,40}$/.test(name)) throw new Refusal(400, "question must be up to 40 letters and digits.");
  return name;
}

const unavailable = "Searching needs the dashboard of the command serve: beside a training there is none.";

/** Half of the cores; one while a run trains, which needs them more. */
async function threads(runs: RunLibrary): Promise<number> {
  return await runs.isTraining() ? 1 : Math.max(1, navigator.hardwareConcurrency >> 1);
}

/** Where to search, and the name under which the embeddings are kept: it changes with the checkpoint and the data. */
async function placeOf(
  c: Context,
  runs: RunLibrary,
  datasets: DatasetLibrary,
): Promise<{ key: string; place: IndexPlace; known: KnownDataset }> {
  const name = c.req.param("run") ?? "";
  const run = await runs.folder(name);
  const { dataset: own } = await runs.record(name);
  const list = await datasets.list();
  const wanted = c.req.query("dataset") || (own === undefined ? "" : keyOf(own));
  const known = list.find(({ key }) => key === wanted);
  if (!known) throw new Refusal(404, "There is no dataset of this key, or no longer.");
  const place: IndexPlace = {
    run,
    checkpoint: oneOf(c, "checkpoint", ["best", "newest"]),
    dataset: known.path,
    trainedOn: list.find(({ path }) => path === own)?.path,
    among: oneOf<Modality>(c, "among", ["video", "speech"]),
  };
  const stamps = [await stampOf(`${known.path}/index.sqlite`), await checkpointStamp(place)];
  return { key: JSON.stringify([place, stamps]), place, known };
}

function oneOf<T extends string>(c: Context, name: string, values: readonly T[]): T {
  const text = c.req.query(name) || values[0];
  const value = values.find((one) => one === text);
  if (value === undefined) throw new Refusal(400, `${name} must be one of ${values.join(", ")}.`);
  return value;
}

/** A training goes on to write checkpoints; the best one changes more rarely. */
async function checkpointStamp({ run, checkpoint }: IndexPlace): Promise<string> {
  const folder = `${run}/checkpoints`;
  const best = checkpoint === "best" ? await stampOf(`${folder}/best.safetensors`) : "";
  if (best !== "") return best;
  let newest = "";
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (/^step-\d+\.safetensors$/.test(name) && name > newest) newest = name;
    }
  } catch {
    // Without checkpoints the engine refuses.
  }
  return newest === "" ? "" : `${newest} ${await stampOf(`${folder}/${newest}`)}`;
}

async function stampOf(path: string): Promise<string> {
  return await Deno.stat(path).then(({ mtime, size }) => `${mtime?.getTime()} ${size}`, () => "");
}

/** Reads the question; a file lies on the disk for as long as `use` takes. */
async function withQuestion(
  c: Context,
  root: string,
  use: (question: Question) => Promise<Found>,
): Promise<Found> {
  const by = oneOf(c, "by", ["text", "sound", "picture", "window"]);
  if (by === "sound" || by === "picture") {
    const type = c.req.header("content-type") ?? "";
    const kinds = by === "sound" ? /^(audio|video)\/|^application\/ogg\b/i : /^(image|video)\//i;
    if (!kinds.test(type)) {
      throw new Refusal(415, `What is sent must be ${by === "sound" ? "sound" : "a picture"} or video.`);
    }
    const bytes = await readBytes(c, mostQueryBytes);
    if (bytes.length === 0) throw new Refusal(400, "What is sent is empty.");
    return await withQueryFile(root, bytes, (path) => use({ kind: by, path }));
  }
  return await use(wordsOrWindow(by, await readBody<FindQuestion>(c)));
}

function wordsOrWindow(by: "text" | "window", body: FindQuestion): Question {
  if (by === "text") {
    const { text } = body;
    if (typeof text !== "string" || text.length > mostWords) {
      throw new Refusal(400, `text must be a text of at most ${mostWords} characters.`);
    }
    return { kind: "text", text };
  }
  const { windowId, modality } = body;
  if (typeof windowId !== "number" || !Number.isSafeInteger(windowId)) {
    throw new Refusal(400, "windowId must be a whole number.");
  }
  if (modality !== "video" && modality !== "speech") {
    throw new Refusal(400, "modality must be one of video, speech.");
  }
  return { kind: "window", windowId, modality };
}

function jobOf(c: Context, question: Question): FindJob {
  const top = wholeNumber(c.req.query("top"), "top", { fallback: 12, min: 1, max: 100 });
  const split = c.req.query("split") ? oneOf(c, "split", splits) : undefined;
  return { question, top, split, mostSeconds };
}

function answerOf(
  { hits, labelCounts, ...found }: Found,
  dataset: Awaited<ReturnType<DatasetLibrary["byKey"]>>["source"],
): FindAnswer {
  const byId = new Map(dataset.windows().map((window) => [window.id, window]));
  const labels = dataset.labels?.() ?? new Map<number, string>();
  const there = hits.flatMap(({ windowId, similarity }, i) => {
    const window = byId.get(windowId);
    return window ? [{ rank: i + 1, similarity, window }] : [];
  });
  const wires = windowsToWire(dataset, there.map(({ window }) => window));
  return {
    ...found,
    hits: there.map(({ rank, similarity, window }, i) => ({
      ...{ rank, similarity, window: wires[i] },
      label: labels.get(window.id) ?? null,
    })),
    labelShares: Object.fromEntries(labelCounts.map(([label, count]) => [label, count / found.searched])),
  };
}

async function overview(
  name: string,
  isOpen: boolean,
  runs: RunLibrary,
  datasets: DatasetLibrary,
): Promise<FindWire> {
  const { dataset: own } = await runs.record(name);
  const wires: FindDatasetWire[] = [];
  for (const { key, path, runs: made } of isOpen ? await datasets.list() : []) {
    try {
      const { source } = await datasets.byKey(key);
      const { windowSeconds, framesPerWindow, frameSize } = source.config;
      wires.push({
        ...{ key, isOwn: path === own, runs: made, windowSeconds, framesPerWindow },
        ...{ scans: source.scans().length, windows: source.windows().length, frameSize: [...frameSize] },
      });
    } catch {
      // One that is being prepared, or broken, does not hide the others.
    }
  }
  const problem = isOpen
    ? wires.length > 0 ? null : "No dataset of these runs can be read: they were moved, or came later."
    : unavailable;
  wires.sort((a, b) => Number(b.isOwn) - Number(a.isOwn));
  return {
    problem,
    datasets: wires,
    isTraining: await runs.isTraining(),
    mostBytes: mostQueryBytes,
    mostSeconds,
  };
}
