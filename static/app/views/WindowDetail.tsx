import { useState } from "preact/hooks";
import type { DatasetWire, WindowWire } from "../../../routes/api.ts";
import { runPath, windowMedia } from "../client.ts";
import { formatPlace } from "../format.ts";
import { useJson } from "../hooks.ts";
import { href } from "../router.ts";
import { Facts, Note } from "./Parts.tsx";
import { PlayButton, Timeline, VoicedBars } from "./WindowCard.tsx";

/** One window in full: every frame, its spectrogram, its sound and its facts. */
export function WindowDetail({ run, id, dataset }: { run: string; id: string; dataset: DatasetWire }) {
  const { data: window, problem } = useJson<WindowWire>(
    runPath(run, `/dataset/windows/${encodeURIComponent(id)}`),
  );
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
        <a href={href(run, "windows", "", { scan: window.scanId })}>All windows of this scan</a>
      </div>
      <div class="detail-grid">
        <FrameViewer run={run} window={window} />
        <div class="panel">
          <Timeline run={run} window={window} dataset={dataset} />
          <div class="row">
            <PlayButton run={run} window={window} />
            <VoicedBars window={window} />
          </div>
          <Facts facts={facts} />
        </div>
      </div>
    </article>
  );
}

function FrameViewer({ run, window }: { run: string; window: WindowWire }) {
  const [index, setIndex] = useState(Math.floor(window.frameCount / 2));
  return (
    <figure class="panel frame-viewer">
      <img
        src={windowMedia(run, window.id, `frame.png?index=${index}`)}
        alt={`Frame ${index + 1} of the window`}
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
