import type { ScanDetailWire } from "../../../routes/wire/datasets.ts";
import { addressOf, api } from "../client.ts";
import { formatPlace } from "../format.ts";
import { route, setQuery } from "../router.ts";
import { Choice, Pager } from "./Parts.tsx";

const pageSize = 24;
const scanAddress = api.runs[":run"].dataset.scans[":scan"];

interface FrameGridProps {
  run: string;
  scan: ScanDetailWire;
  frame: number;
  onFrame: (frame: number) => void;
}

/** Frames of the scan side by side, page by page: all of them, or one of each window. */
export function FrameGrid({ run, scan, frame, onFrame }: FrameGridProps) {
  const { query } = route.value;
  const isEvery = query.get("every") === "frame";
  const perWindow = Math.round(scan.windowSeconds / scan.frameSeconds);
  const step = isEvery ? 1 : perWindow;
  const total = Math.ceil(scan.frameCount / step);
  const last = Math.max(0, Math.floor((total - 1) / pageSize) * pageSize);
  const offset = Math.min(last, Math.max(0, Math.trunc(Number(query.get("grid"))) || 0));
  const shown = Array.from(
    { length: Math.min(pageSize, total - offset) },
    (_, i) => Math.min(scan.frameCount - 1, (offset + i) * step + (isEvery ? 0 : perWindow >> 1)),
  );
  return (
    <>
      <div class="row spread">
        <h3 class="section">Frames</h3>
        <div class="row">
          <Choice
            label="Show"
            value={isEvery ? "frame" : ""}
            onChange={(value) => setQuery({ every: value, grid: "" })}
            options={[["", "one of each window"], ["frame", "every frame"]]}
          />
          <Pager
            total={total}
            offset={offset}
            shown={shown.length}
            pageSize={pageSize}
            what="frames"
            onTurn={(to) => setQuery({ grid: to === 0 ? "" : String(to) })}
          />
        </div>
      </div>
      <ul class="frame-grid">
        {shown.map((index) => (
          <li key={index}>
            <button
              type="button"
              aria-label={`Go to frame ${index + 1}, at ${formatPlace(index * scan.frameSeconds)}`}
              aria-pressed={index === frame}
              onClick={() => onFrame(index)}
            >
              <img
                src={addressOf(scanAddress["frame.png"], { param: { run, scan: scan.id }, query: { index } })}
                alt=""
                loading="lazy"
                width={scan.frameSize[1]}
                height={scan.frameSize[0]}
              />
              <span>{formatPlace(index * scan.frameSeconds)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
