import { useEffect, useRef } from "preact/hooks";
import type { DatasetWire, WindowWire } from "../../../routes/wire/datasets.ts";
import { addressOf, api, windowMedia } from "../client.ts";
import { playedShare, playing } from "../player.ts";

interface WindowMovieProps {
  run: string;
  window: WindowWire;
  dataset: DatasetWire;
}

/** The window's frames, moving with its speech: the sound is the clock, so that both stay together. */
export function WindowMovie({ run, window, dataset }: WindowMovieProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frames = useRef<HTMLImageElement[]>([]);
  const { id, frameCount } = window;
  const [height, width] = dataset.frameSize;
  const isPlaying = playing.value === windowMedia(run, id, "speech.wav");
  const index = isPlaying
    ? Math.min(frameCount - 1, Math.floor(playedShare.value * frameCount))
    : Math.floor(frameCount / 2);
  const shown = useRef(index);
  shown.current = index;

  const draw = () => {
    const frame = frames.current[shown.current];
    if (frame?.complete && frame.naturalWidth > 0) canvas.current?.getContext("2d")?.drawImage(frame, 0, 0);
  };
  useEffect(() => {
    frames.current = Array.from({ length: frameCount }, (_, i) => {
      const frame = new Image();
      frame.addEventListener("load", () => i === shown.current && draw());
      frame.src = addressOf(api.runs[":run"].dataset.windows[":window"]["frame.png"], {
        param: { run, window: id },
        query: { index: i },
      });
      return frame;
    });
    return () => frames.current.forEach((frame) => frame.removeAttribute("src"));
  }, [run, id, frameCount]);
  useEffect(draw, [index]);
  return (
    <canvas
      ref={canvas}
      class="movie"
      width={width}
      height={height}
      role="img"
      aria-label={`Frames of window ${window.index + 1} of scan ${window.scanId}`}
      data-frame={index}
    />
  );
}
