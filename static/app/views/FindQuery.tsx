import { useEffect, useRef, useState } from "preact/hooks";
import type { FindWire, ModalityWire } from "../../../routes/wire/find.ts";
import { fileQuestion, type Question } from "../find_question.ts";
import { formatCount } from "../format.ts";
import { bindKeys } from "../keys.ts";
import { hasMicrophone, record, type Recording } from "../microphone.ts";
import { Choice, Note } from "./Parts.tsx";

/** A shorter press is a click: the recording goes on until the next one. */
const clickMilliseconds = 350;

interface FindQueryProps {
  question: Question | null;
  facts: FindWire;
  onAsk: (question: Question) => void;
}

/** Takes what to search with: words, a file, or what is said now. */
export function FindQuery({ question, facts, onAsk }: FindQueryProps) {
  const [videoAs, setVideoAs] = useState<ModalityWire>("speech");
  const [problem, setProblem] = useState<string | null>(null);
  const [isOver, setOver] = useState(false);
  const take = (file: File | undefined) => {
    if (!file) return;
    if (file.size > facts.mostBytes) {
      const megabytes = formatCount(facts.mostBytes / 2 ** 20);
      return setProblem(`The file must have at most ${megabytes} MB: cut out a few seconds of it.`);
    }
    setProblem(null);
    onAsk(fileQuestion(file, videoAs));
  };
  return (
    <div
      class={`panel find-query${isOver ? " over" : ""}`}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files[0]);
      }}
    >
      <Words question={question} onAsk={onAsk} />
      <div class="row">
        <SpeakButton most={facts.mostSeconds} onProblem={setProblem} onAsk={onAsk} />
        <label class="button file">
          Choose a sound, picture or video
          <input
            type="file"
            class="visually-hidden"
            accept="audio/*,image/*,video/*,.dcm"
            onChange={(event) => {
              take(event.currentTarget.files?.[0]);
              event.currentTarget.value = "";
            }}
          />
        </label>
        <Choice
          label="Of a video counts"
          value={videoAs}
          onChange={(value) => setVideoAs(value as ModalityWire)}
          options={[["speech", "what is said"], ["video", "what is seen"]]}
        />
      </div>
      <p class="muted small">
        Or drop a file here. {question && "file" in question && (
          <>
            Searching with <bdi>{question.name}</bdi>.{" "}
          </>
        )}
        Words are spoken by synthetic English voices first. Everything stays on this server, and nothing that
        is asked is kept.
      </p>
      {problem && <Note kind="warning">{problem}</Note>}
    </div>
  );
}

function Words({ question, onAsk }: Omit<FindQueryProps, "facts">) {
  const input = useRef<HTMLInputElement>(null);
  const text = question?.by === "text" ? question.text : "";
  useEffect(() => {
    input.current!.value = text;
  }, [text]);
  useEffect(
    () =>
      bindKeys([{ key: "/", does: "goes to the words to search with", act: () => input.current!.focus() }]),
    [],
  );
  const submit = () => {
    const words = input.current!.value.trim();
    if (words !== "") onAsk({ by: "text", text: words });
  };
  return (
    <div class="row words" role="search">
      <input
        ref={input}
        type="search"
        aria-label="Words to search with, spoken first"
        placeholder="Words, as: four chamber view"
        maxLength={300}
        onKeyDown={(event) => event.key === "Enter" && submit()}
      />
      <button type="button" class="primary" onClick={submit}>Find</button>
    </div>
  );
}

/** Records while it is held, by pointer or space bar; a short press starts and the next one ends. */
function SpeakButton(
  { most, onProblem, onAsk }: {
    most: number;
    onProblem: (problem: string | null) => void;
    onAsk: (question: Question) => void;
  },
) {
  const recording = useRef<Promise<Recording> | null>(null);
  const pressedAt = useRef(0);
  const [seconds, setSeconds] = useState<number | null>(null);
  const end = async (isAsked: boolean) => {
    const current = recording.current;
    if (!current) return;
    recording.current = null;
    setSeconds(null);
    try {
      const file = await (await current).stop();
      if (isAsked) onAsk({ by: "sound", file, name: "what was just said" });
    } catch {
      // Why it could not begin was said when it did not.
    }
  };
  const begin = () => {
    pressedAt.current = performance.now();
    onProblem(null);
    setSeconds(0);
    const started = record();
    recording.current = started;
    started.catch((error: Error) => {
      if (recording.current === started) recording.current = null;
      setSeconds(null);
      onProblem(error.message);
    });
  };
  const press = () => recording.current ? end(true) : begin();
  const release = () => {
    if (recording.current && performance.now() - pressedAt.current > clickMilliseconds) end(true);
  };
  useEffect(() => () => void end(false), []);
  useEffect(() => {
    if (seconds === null) return;
    if (seconds >= most - 1) return void end(true);
    const timer = setTimeout(() => setSeconds(seconds + 1), 1000);
    return () => clearTimeout(timer);
  }, [seconds]);
  if (!hasMicrophone()) {
    return (
      <span class="muted small">
        Browsers give the microphone only to pages of this machine or with TLS; a recorded file works.
      </span>
    );
  }
  const isOn = seconds !== null;
  return (
    <button
      type="button"
      class={`speak${isOn ? " on" : ""}`}
      aria-pressed={isOn}
      onPointerDown={press}
      onPointerUp={release}
      onPointerCancel={release}
      onKeyDown={(event) => {
        if (event.key !== " " && event.key !== "Enter") return;
        event.preventDefault();
        if (!event.repeat) press();
      }}
      onKeyUp={(event) => (event.key === " " || event.key === "Enter") && release()}
    >
      {isOn ? `Listening… ${seconds} s` : "Hold and speak"}
    </button>
  );
}
