import { useEffect, useState } from "preact/hooks";
import type { EvaluationWire } from "../../../routes/wire/runs.ts";
import { formatCount } from "../format.ts";

interface EpochSliderProps {
  /** Of one split, by step. */
  evaluations: readonly EvaluationWire[];
  chosen: number;
  /** Whether the chosen one is on the map already. */
  isReady: boolean;
  stepsPerEpoch: number | null;
  onChoose: (place: number) => void;
}

/** How long each evaluation stays while they are played, milliseconds. */
const pause = 1100;

/** Goes through the evaluations of a run by hand, or plays them one after the other. */
export function EpochSlider({ evaluations, chosen, isReady, stepsPerEpoch, onChoose }: EpochSliderProps) {
  const [isPlaying, setPlaying] = useState(false);
  const isLast = chosen >= evaluations.length - 1;
  useEffect(() => {
    if (!isPlaying || !isReady) return;
    if (isLast) return setPlaying(false);
    const timer = setTimeout(() => onChoose(chosen + 1), pause);
    return () => clearTimeout(timer);
  }, [isPlaying, isReady, chosen, isLast]);
  if (evaluations.length < 2) return null;
  const play = () => {
    if (!isPlaying && isLast) onChoose(0);
    setPlaying(!isPlaying);
  };
  const text = titleOf(evaluations[chosen], stepsPerEpoch);
  return (
    <div class="row epoch-slider">
      <button
        type="button"
        class="play"
        aria-label="Play the evaluations"
        aria-pressed={isPlaying}
        onClick={play}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d={isPlaying ? "M3 3h4v10H3zM9 3h4v10H9z" : "M4 2.5v11l9.5-5.5z"} fill="currentColor" />
        </svg>
      </button>
      <input
        type="range"
        min={0}
        max={evaluations.length - 1}
        value={chosen}
        aria-label="Evaluation"
        aria-valuetext={text}
        onInput={(event) => {
          setPlaying(false);
          onChoose(Number(event.currentTarget.value));
        }}
      />
      <span class="reading">{text}</span>
    </div>
  );
}

function titleOf({ step }: EvaluationWire, stepsPerEpoch: number | null): string {
  const epoch = stepsPerEpoch ? `Epoch ${formatCount(step / stepsPerEpoch)}, step` : "Step";
  return `${epoch} ${formatCount(step)}`;
}
