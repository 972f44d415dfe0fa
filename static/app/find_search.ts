/**
 * One search from the page: the windows are embedded first where they are not, then the question is asked.
 *
 * @module
 */

import { useEffect, useRef, useState } from "preact/hooks";
import type { FindQuery } from "../../routes/contract.ts";
import type { FindAnswer, FindIndexWire } from "../../routes/wire/find.ts";
import { api, ComeAgain, getJson, send, sendFile } from "./client.ts";
import { type FindPlace, placeQuery, type Question, sentType } from "./find_question.ts";

const findAddress = api.runs[":run"].find;

/** Where a search stands. */
export type FindState =
  | { phase: "idle" }
  | { phase: "embedding"; index: FindIndexWire }
  | { phase: "asking"; seconds: number }
  | { phase: "stopped" }
  | { phase: "failed"; problem: string }
  | { phase: "found"; answer: FindAnswer };

/** A search that can be stopped and begun again. */
export interface Find {
  state: FindState;
  /** Gives the search up, and the embedding of windows that it waits for. */
  stop: () => void;
  again: () => void;
}

const pollMilliseconds = 400;
const mostTries = 20;

/** Searches whenever question or place change; the search before is given up. */
export function useFind(run: string, question: Question | null, place: FindPlace): Find {
  const [state, setState] = useState<FindState>({ phase: "idle" });
  const [round, setRound] = useState(0);
  const query = placeQuery(place);
  const where = JSON.stringify(query);
  const search = useRef<AbortController | null>(null);
  const identity = question && "file" in question ? question.file : JSON.stringify(question);
  useEffect(() => {
    if (question === null) return setState({ phase: "idle" });
    const ending = new AbortController();
    search.current = ending;
    const show = (next: FindState) => ending.signal.aborted || setState(next);
    searchFor(run, question, query, { show, signal: ending.signal }).catch((error: Error) =>
      show({ phase: "failed", problem: error.message })
    );
    return () => ending.abort();
  }, [run, identity, where, round]);
  return {
    state,
    stop: () => {
      search.current?.abort();
      setState({ phase: "stopped" });
      if (state.phase !== "embedding") return;
      send(findAddress.embedding.$delete, { param: { run }, query }).catch((error: Error) =>
        setState({ phase: "failed", problem: error.message })
      );
    },
    again: () => setRound((last) => last + 1),
  };
}

async function searchFor(
  run: string,
  question: Question,
  query: FindQuery,
  { show, signal }: { show: (state: FindState) => void; signal: AbortSignal },
): Promise<void> {
  show({ phase: "asking", seconds: 0 });
  const asked = { param: { run }, query };
  let index = await send(findAddress.embedding.$post, asked);
  while (index.state === "working" && !signal.aborted) {
    show({ phase: "embedding", index });
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
    index = await getJson(findAddress.embedding, asked, signal);
  }
  if (signal.aborted) return;
  if (index.state === "absent") return show({ phase: "stopped" });
  if (index.state === "failed") throw new Error(index.problem ?? "The windows cannot be embedded.");
  const name = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
  const questioned = { param: { run }, query: { ...query, by: question.by, question: name } };
  const ask = () =>
    "file" in question
      ? sendFile(findAddress.$post, questioned, { body: question.file, type: sentType(question), signal })
      : send(findAddress.$post, { ...questioned, json: question }, signal);
  const began = performance.now();
  const tell = () => show({ phase: "asking", seconds: Math.floor((performance.now() - began) / 1000) });
  tell();
  const clock = setInterval(tell, 1000);
  const giveUp = () => {
    // The server need not know: at worst it finds what nobody waits for.
    send(findAddress.$delete, { param: { run }, query: { question: name } }).catch(() => {});
  };
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    show({ phase: "found", answer: await untilTaken(ask, signal) });
  } finally {
    clearInterval(clock);
    signal.removeEventListener("abort", giveUp);
  }
}

/** Asks again when the server has its hands full, as with the question that was just given up. */
async function untilTaken<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ComeAgain) || tries >= mostTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, error.seconds * 1000));
      signal.throwIfAborted();
    }
  }
}
