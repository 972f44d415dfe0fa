import { addressOf, api } from "../client.ts";
import { playedShare, playing, toggle } from "../player.ts";

/** Frames of a window that are fetched in one picture, at most. */
const mostFrames = 64;

/** Addresses of a window's frames side by side, and of its speech. */
export interface WindowMedia {
  strip: string;
  speech: string;
}

/** Of a window in a dataset that is named by its key. */
export function mediaOfDataset(dataset: string, window: number): WindowMedia {
  const address = api.datasets[":dataset"].windows[":window"];
  const param = { dataset, window };
  return {
    strip: addressOf(address["strip.png"], { param, query: { frames: mostFrames } }),
    speech: addressOf(address["speech.wav"], { param }),
  };
}

/** Of a window in a report's own dataset. */
export function mediaOfReport(report: string, window: number): WindowMedia {
  const address = api.results[":report"].dataset.windows[":window"];
  const param = { report, window };
  return {
    strip: addressOf(address["strip.png"], { param, query: { frames: mostFrames } }),
    speech: addressOf(address["speech.wav"], { param }),
  };
}

interface MovingWindowProps {
  media: WindowMedia;
  /** What it is called. */
  name: string;
  frameCount: number;
  /** Height and width of a frame. */
  frameSize: readonly [number, number];
}

/** A window that moves while its speech is played; a click starts and stops both. */
export function MovingWindow(
  { media: { strip, speech }, name, frameCount, frameSize: [height, width] }: MovingWindowProps,
) {
  const count = Math.min(mostFrames, frameCount);
  const isPlaying = playing.value === speech;
  const frame = isPlaying ? Math.min(count - 1, Math.floor(playedShare.value * count)) : count >> 1;
  return (
    <button
      type="button"
      class="moving"
      style={{ aspectRatio: `${width} / ${height}` }}
      aria-pressed={isPlaying}
      aria-label={`${isPlaying ? "Stop" : "Play"} ${name} with its speech`}
      data-frame={frame}
      onClick={() => toggle(speech)}
    >
      <img
        src={strip}
        alt=""
        style={{ width: `${count * 100}%`, transform: `translateX(-${(frame / count) * 100}%)` }}
      />
      <svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
        <path d={isPlaying ? "M3 3h10v10H3z" : "M4 2.5v11l9.5-5.5z"} fill="currentColor" />
      </svg>
    </button>
  );
}
