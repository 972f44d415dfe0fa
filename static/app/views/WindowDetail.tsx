import { useState } from "preact/hooks";
import type { DatasetWire, WindowWire } from "../../../routes/wire/datasets.ts";
import { addressOf, api } from "../client.ts";
import { formatPlace } from "../format.ts";
import { useJson } from "../hooks.ts";
import { href } from "../router.ts";
import { MarkButtons } from "./MarkButtons.tsx";
import { Facts, Note } from "./Parts.tsx";
import { PlayButton, Timeline, VoicedBars } from "./WindowCard.tsx";

const windowAddress = api.runs[":run"].dataset.windows[":window"];

/** One window in full: every frame, its spectrogram, its sound and its facts. */
export function WindowDetail({ run, id, dataset }: { run: string; id: string; dataset: DatasetWire }) {
  const { data: window, problem } = useJson(windowAddress, { param: { run, window: id } });
  if (problem) return <Note kind="warning">{problem}</Note>;
  if (!window) return <Note kind="quiet">Loading…</Note>;
  const facts: [string, string][] = [
    ["Scan", window.scanId],
    ["Subject", String(window.subject)],
    ["Split", window.split],
    ["Starts at", formatPlace(window.startSeconds)],
    ["Length", `${dataset.windowSeconds} s`],
    ["Frames", `${window.frameCount} of ${dataset.frameSize[1]} × ${dataset.frameSize[0]}`],
  ];
  return (
    <article class="window-detail">
      <div class="row spread">
        <h2>Window {window.index + 1} of scan {window.scanId}</h2>
        <span class="row">
          <a href={href(run, "find", "", { window: id, of: "video" })}>Speech that fits its picture</a>
          <a href={href(run, "find", "", { window: id, of: "speech" })}>Pictures that fit its speech</a>
          <a href={href(run, "windows", "", { scan: window.scanId })}>All windows of this scan</a>
        </span>
      </div>
      <div class="detail-grid">
        <FrameViewer run={run} window={window} frameSize={dataset.frameSize} />
        <div class="panel">
          <Timeline run={run} window={window} dataset={dataset} />
          <div class="row">
            <PlayButton run={run} window={window} />
            <VoicedBars window={window} />
          </div>
          <MarkButtons run={run} window={window} />
          <Facts facts={facts} />
        </div>
      </div>
    </article>
  );
}

function FrameViewer(
  { run, window, frameSize: [height, width] }: {
    run: string;
    window: WindowWire;
    frameSize: DatasetWire["frameSize"];
  },
) {
  const [index, setIndex] = useState(Math.floor(window.frameCount / 2));
  return (
    <figure class="panel frame-viewer">
      <img
        src={addressOf(windowAddress["frame.png"], { param: { run, window: window.id }, query: { index } })}
        alt={`Frame ${index + 1} of the window`}
        style={{ aspectRatio: `${width} / ${height}` }}
      />
      <label class="row">
        <span class="muted">Frame {index + 1} of {window.frameCount}</span>
        <input
          type="range"
          min={0}
          max={window.frameCount - 1}
          value={index}
          aria-label="Frame"
          onInput={(event) => setIndex(Number(event.currentTarget.value))}
        />
      </label>
    </figure>
  );
}
