/**
 * What is searched with and where, as the page's address holds it.
 *
 * @module
 */

import type { FindQuery } from "../../routes/contract.ts";
import type { ModalityWire } from "../../routes/wire/find.ts";

/** A file to search with; it is in no address. */
export interface FileQuestion {
  by: "sound" | "picture";
  file: Blob;
  /** What to call it. */
  name: string;
}

/** What is asked with. */
export type Question =
  | { by: "text"; text: string }
  | { by: "window"; windowId: number; modality: ModalityWire }
  | FileQuestion;

/** Where is searched; empty texts mean the server's choice. */
export interface FindPlace {
  dataset: string;
  among: ModalityWire;
  split: NonNullable<FindQuery["split"]>;
  checkpoint: NonNullable<FindQuery["checkpoint"]>;
}

/** The question that an address holds, if any. */
export function questionOf(query: URLSearchParams): Question | null {
  const text = query.get("q")?.trim() ?? "";
  if (text !== "") return { by: "text", text };
  const window = query.get("window") ?? "";
  if (!/^\d+$/.test(window)) return null;
  return {
    by: "window",
    windowId: Number(window),
    modality: query.get("of") === "speech" ? "speech" : "video",
  };
}

/** Whether a question is heard or seen. */
export function modalityOf(question: Question): ModalityWire {
  if (question.by === "window") return question.modality;
  return question.by === "picture" ? "video" : "speech";
}

/** Where an address says to search: speech looks for pictures and pictures for speech, unless it says otherwise. */
export function placeOf(query: URLSearchParams, question: Question | null): FindPlace {
  const said = query.get("among");
  const other = question !== null && modalityOf(question) === "video" ? "speech" : "video";
  return {
    dataset: query.get("dataset") ?? "",
    among: said === "video" || said === "speech" ? said : other,
    split: oneOf(query.get("split"), ["train", "validation", "test"]),
    checkpoint: oneOf(query.get("checkpoint"), ["best", "newest"]),
  };
}

function oneOf<Text extends string>(said: string | null, known: readonly Text[]): Text | "" {
  return known.find((one) => one === said) ?? "";
}

/** The parameters of the API that say where. */
export function placeQuery({ dataset, among, split, checkpoint }: FindPlace): FindQuery {
  const all = { dataset, among, split, checkpoint };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

const soundNames = /\.(wav|mp3|m4a|aac|flac|ogg|oga|opus|aiff?|amr|caf)$/i;

/**
 * What a file is searched with: the sound of a sound file, the picture of a picture; a video has both.
 *
 * @param videoAs What counts of a video.
 */
export function fileQuestion(file: File, videoAs: ModalityWire): FileQuestion {
  const isSound = file.type.startsWith("audio/") || (file.type === "" && soundNames.test(file.name)) ||
    (file.type.startsWith("video/") && videoAs === "speech");
  return { by: isSound ? "sound" : "picture", file, name: file.name };
}

/** The type that a file is sent with; some have none that the browser knows. */
export function sentType({ by, file }: FileQuestion): string {
  const known = by === "sound" ? /^(audio|video)\// : /^(image|video)\//;
  if (known.test(file.type)) return file.type;
  return by === "sound" ? "audio/unknown" : "image/unknown";
}
