import { useEffect, useRef, useState } from "preact/hooks";
import type { PaceEpochWire } from "../../../routes/wire/pace.ts";
import { formatCount, formatNumber } from "../format.ts";
import { ticksOf } from "./axis_text.ts";

const height = 240;

interface AffinityChartProps {
  epochs: PaceEpochWire[];
  chosen: number;
  onChoose: (epoch: number) => void;
}

/**
 * How affinities are distributed over the epochs: a column for each, darker where more windows lie, with the median
 * and the threshold; left and right choose an epoch.
 */
export function AffinityChart({ epochs, chosen, onChoose }: AffinityChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const box = { left: 40, right: width - 4, top: 8, bottom: height - 26 };
  const [low, high] = shownRange(epochs);
  const place = epochs.findIndex(({ epoch }) => epoch === chosen);
  const step = (box.right - box.left) / epochs.length;
  const middle = (i: number) => box.left + (i + 0.5) * step;
  const up = (affinity: number) => box.bottom - ((affinity - low) / (high - low)) * (box.bottom - box.top);
  const line = (value: (epoch: PaceEpochWire) => number | null) =>
    epochs.map((epoch, i) => {
      const y = value(epoch);
      const before = i > 0 ? value(epochs[i - 1]) : null;
      return y === null ? "" : `${before === null ? "M" : "L"}${middle(i).toFixed(1)} ${up(y).toFixed(1)}`;
    }).join("");
  const move = (event: KeyboardEvent) => {
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: epochs.length - 1 }[event.key];
    if (to === undefined || !epochs[to]) return;
    event.preventDefault();
    onChoose(epochs[to].epoch);
  };
  return (
    <figure class="panel affinity">
      <figcaption class="row spread">
        <h2>Affinity over the epochs</h2>
        <ul class="legend">
          <li>
            <i class="key let-in" />let in
          </li>
          <li>
            <i class="key held-back" />held back
          </li>
          <li>
            <i class="key median" />median
          </li>
          <li>
            <i class="key threshold" />threshold
          </li>
        </ul>
      </figcaption>
      <div
        ref={host}
        class="affinity-plot"
        tabIndex={0}
        role="slider"
        aria-label="Epoch of the affinity distribution"
        aria-valuemin={epochs[0].epoch}
        aria-valuemax={epochs[epochs.length - 1].epoch}
        aria-valuenow={chosen}
        aria-valuetext={epochText(epochs[place])}
        onKeyDown={move}
        onClick={(event) => {
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
          const at = epochs[Math.floor((x - box.left) / step)];
          if (at) onChoose(at.epoch);
        }}
      >
        <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
          {ticksOf([low, high], false).map((affinity) => (
            <g key={affinity}>
              <path class="grid" d={`M${box.left} ${up(affinity)}H${box.right}`} />
              <text x={box.left - 6} y={up(affinity) + 4} text-anchor="end">{affinity}</text>
            </g>
          ))}
          {epochs.map((epoch, i) => (
            <Column key={epoch.epoch} epoch={epoch} x={box.left + i * step} width={step} up={up} />
          ))}
          <path class="median" d={line(({ quantiles }) => quantiles?.[2] ?? null)} />
          <path class="threshold" d={line(({ threshold }) => threshold?.[1] ?? null)} />
          <rect
            class="chosen"
            x={box.left + place * step}
            y={box.top}
            width={step}
            height={box.bottom - box.top}
          />
          {epochs.map(({ epoch }, i) =>
            i % Math.ceil((epochs.length * 36) / width) === 0 && (
              <text key={epoch} x={middle(i)} y={box.bottom + 18} text-anchor="middle">{epoch}</text>
            )
          )}
        </svg>
      </div>
    </figure>
  );
}

/** An element's width, CSS pixels. */
function useWidth(element: { readonly current: Element | null }): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const measured = element.current!;
    const observer = new ResizeObserver(() => setWidth(Math.max(200, measured.clientWidth)));
    observer.observe(measured);
    return () => observer.disconnect();
  }, []);
  return width;
}

/** The affinities that occur in any epoch, with room for a bin on either side; all of −1 to 1 without any. */
function shownRange(epochs: readonly PaceEpochWire[]): [number, number] {
  const bins = epochs[0].admittedHistogram.length;
  const used = Array.from({ length: bins }, (_, bin) => bin)
    .filter((bin) => epochs.some((one) => one.admittedHistogram[bin] + one.heldBackHistogram[bin] > 0));
  if (used.length === 0) return [-1, 1];
  const edge = (bin: number) => -1 + (2 * bin) / bins;
  return [Math.max(-1, edge(used[0] - 1)), Math.min(1, edge(used[used.length - 1] + 2))];
}

function epochText({ epoch, admitted, windows, quantiles, threshold }: PaceEpochWire): string {
  return `epoch ${epoch}: ${formatCount(admitted)} of ${
    formatCount(windows)
  } windows let in, median affinity ${formatNumber(quantiles?.[2])}, threshold ${
    formatNumber(threshold?.[1])
  }`;
}

/** One epoch's histogram: the windows let in to the left, those held back to the right, wider where there are more. */
function Column(
  { epoch, x, width, up }: {
    epoch: PaceEpochWire;
    x: number;
    width: number;
    up: (affinity: number) => number;
  },
) {
  const { admittedHistogram, heldBackHistogram } = epoch;
  const bins = admittedHistogram.length;
  const most = Math.max(1, ...admittedHistogram, ...heldBackHistogram);
  const size = Math.abs(up(2 / bins) - up(0));
  const half = width * 0.46;
  return (
    <g>
      {admittedHistogram.map((count, bin) => {
        const y = up(-1 + (2 * (bin + 1)) / bins);
        const held = heldBackHistogram[bin];
        return (
          <>
            {count > 0 && (
              <rect
                class="let-in"
                x={x + width / 2 - (half * count) / most}
                y={y}
                width={(half * count) / most}
                height={size}
              />
            )}
            {held > 0 && (
              <rect class="held-back" x={x + width / 2} y={y} width={(half * held) / most} height={size} />
            )}
          </>
        );
      })}
    </g>
  );
}
