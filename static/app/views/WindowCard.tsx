import type { ComponentChildren } from "preact";
import type { DatasetWire, WindowWire } from "../../../routes/wire/datasets.ts";
import { windowMedia } from "../client.ts";
import { formatPlace, formatShare } from "../format.ts";
import { playedShare, playing, playProblem, toggle } from "../player.ts";
import { href } from "../router.ts";
import { MarkButtons } from "./MarkButtons.tsx";
import { ShareBar } from "./Parts.tsx";

/** Frames in the server's strip, unless the window has fewer. */
const stripFrames = 8;

/** A window at a glance: frames over spectrogram on one time axis, and its sound. */
export function WindowCard(
  { run, window, dataset, children }: {
    run: string;
    window: WindowWire;
    dataset: DatasetWire;
    children?: ComponentChildren;
  },
) {
  const end = window.startSeconds + dataset.windowSeconds;
  const place = `${formatPlace(window.startSeconds)}–${formatPlace(end)}`;
  return (
    <article class="panel window-card">
      <Timeline run={run} window={window} dataset={dataset} />
      <div class="row spread">
        <a class="strong" href={href(run, "windows", String(window.id))}>{window.scanId} · {place}</a>
        <span class={`tag ${window.split}`}>{window.split}</span>
      </div>
      <div class="row">
        <PlayButton run={run} window={window} />
        <VoicedBars window={window} />
      </div>
      {children && <div class="row">{children}</div>}
      <div class="row">
        <MarkButtons run={run} window={window} />
      </div>
    </article>
  );
}

/** Frames above the spectrogram, both as wide as the window is long, with the place that is being played. */
export function Timeline(
  { run, window, dataset }: { run: string; window: WindowWire; dataset: DatasetWire },
) {
  const [height, width] = dataset.frameSize;
  const isPlaying = playing.value === windowMedia(run, window.id, "speech.wav");
  const name = `window ${window.index} of scan ${window.scanId}`;
  return (
    <div class="timeline">
      <img
        class="strip"
        src={windowMedia(run, window.id, "strip.png")}
        alt={`Frames of ${name}`}
        width={width * Math.min(stripFrames, window.frameCount)}
        height={height}
      />
      <img
        class="spectrogram"
        src={windowMedia(run, window.id, "spectrogram.png")}
        alt={`Log-spectrogram of ${name}`}
      />
      {isPlaying && <i class="playhead" style={{ left: `${playedShare.value * 100}%` }} />}
    </div>
  );
}

/** Plays the window's speech. */
export function PlayButton({ run, window }: { run: string; window: WindowWire }) {
  const source = windowMedia(run, window.id, "speech.wav");
  const isPlaying = playing.value === source;
  return (
    <button
      type="button"
      class="play"
      aria-label={`${
        isPlaying ? "Stop" : "Play"
      } the speech of window ${window.index} of scan ${window.scanId}`}
      aria-pressed={isPlaying}
      title={playProblem.value ?? undefined}
      onClick={() => toggle(source)}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={isPlaying ? "M3 3h10v10H3z" : "M4 2.5v11l9.5-5.5z"} fill="currentColor" />
      </svg>
    </button>
  );
}

/** The share of voice by both detectors. */
export function VoicedBars({ window }: { window: WindowWire }) {
  return (
    <div class="bars">
      <ShareBar
        name="WebRTC"
        share={window.voicedFractionWebrtc}
        text={formatShare(window.voicedFractionWebrtc)}
      />
      <ShareBar
        name="Energy"
        share={window.voicedFractionEnergy}
        text={formatShare(window.voicedFractionEnergy)}
      />
    </div>
  );
}
