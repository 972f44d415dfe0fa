import type { ComponentChildren } from "preact";
import type { ScanDetailWire, VoiceAnswer } from "../../../routes/wire/datasets.ts";
import type { PacedWindowWire } from "../../../routes/wire/pace.ts";
import { formatPlace } from "../format.ts";
import type { Fetched } from "../hooks.ts";
import { columnsPath, frameAt, labelColours, paceColumns, spansPath } from "../scan_timeline.ts";

interface ScanTimelineProps {
  scan: ScanDetailWire;
  voice: Fetched<VoiceAnswer>;
  paced: ReadonlyMap<number, PacedWindowWire>;
  epoch: number | null;
  /** Address of the spectrogram of all of it. */
  spectrogram: string;
  frame: number;
  onFrame: (frame: number) => void;
}

/** Lanes over the scan's time, one below the other, with the place that is shown; a drag moves it. */
export function ScanTimeline(props: ScanTimelineProps) {
  const { scan, voice, spectrogram, frame, onFrame } = props;
  const voiced = voice.data?.voiced;
  const share = ((frame + 0.5) * scan.frameSeconds) / scan.seconds;
  const seek = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    onFrame(frameAt(((event.clientX - box.left) / box.width) * scan.seconds, scan));
  };
  const place = `${formatPlace(frame * scan.frameSeconds)}, frame ${frame + 1} of ${scan.frameCount}`;
  return (
    <div class="panel scan-timeline">
      <div class="lane-names" aria-hidden="true">
        <span class="spectrogram-name">Speech</span>
        <span>WebRTC</span>
        <span>Energy</span>
        <span>Window</span>
        {props.paced.size > 0 && <span>Pace</span>}
        {scan.labels.length > 0 && <span>Label</span>}
        {scan.fixations && <span>Gaze</span>}
      </div>
      <div
        class="lanes"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          seek(event);
        }}
        onPointerMove={(event) => event.buttons === 1 && seek(event)}
      >
        <img
          class="spectrogram"
          src={spectrogram}
          alt="Log-spectrogram of the scan's speech"
          draggable={false}
        />
        <Lane scan={scan} name="Voiced spans by WebRTC's detector">
          <path class="lane-voice" d={spansPath(voiced?.webrtc ?? [])} />
        </Lane>
        <Lane scan={scan} name="Voiced spans by the energy detector">
          <path class="lane-voice" d={spansPath(voiced?.energy ?? [])} />
        </Lane>
        <WindowLane scan={scan} />
        <PaceLane {...props} />
        <LabelLane scan={scan} />
        {scan.fixations && (
          <Lane scan={scan} name="Fixations">
            <path
              class="lane-gaze"
              d={spansPath(
                scan.fixations.map((one) => [one.startSeconds, one.startSeconds + one.durationSeconds]),
              )}
            />
          </Lane>
        )}
        <i class="playhead" style={{ left: `${share * 100}%` }} />
      </div>
      <label class="scrub">
        <span class="muted small">{formatPlace(0)}</span>
        <input
          type="range"
          min={0}
          max={scan.frameCount - 1}
          value={frame}
          aria-label="Place in the scan"
          aria-valuetext={place}
          onInput={(event) => onFrame(Number(event.currentTarget.value))}
        />
        <span class="muted small">{formatPlace(scan.seconds)}</span>
      </label>
      <Legend {...props} />
      {!voiced && <p class="muted small" role="status">{voiceText(voice)}</p>}
    </div>
  );
}

function voiceText({ data, problem }: Fetched<VoiceAnswer>): string {
  if (data) return "Voiced spans can be found only in sound of 8, 16, 24 … kHz.";
  return problem ?? "Listening for voiced spans…";
}

function Lane({ scan, name, children }: { scan: ScanDetailWire; name: string; children: ComponentChildren }) {
  return (
    <svg
      class="lane"
      viewBox={`0 0 ${scan.seconds} 1`}
      preserveAspectRatio="none"
      role="img"
      aria-label={name}
    >
      {children}
    </svg>
  );
}

/** Every other window is shaded, so that they can be told apart. */
function WindowLane({ scan }: { scan: ScanDetailWire }) {
  const shaded = scan.windowList.filter(({ index }) => index % 2 === 0);
  return (
    <Lane scan={scan} name="Windows">
      <path
        class="lane-window"
        d={spansPath(shaded.map(({ startSeconds }) => [startSeconds, startSeconds + scan.windowSeconds]))}
      />
    </Lane>
  );
}

/** Affinities as heights from 0 to 1, of windows that were let in and of those that were held back. */
function PaceLane({ scan, paced, epoch }: ScanTimelineProps) {
  if (paced.size === 0) return null;
  const { letIn, heldBack, isAffinityKnown } = paceColumns(paced, scan.windowSeconds);
  return (
    <Lane scan={scan} name={`${isAffinityKnown ? "Affinity" : "Pace"} of the windows at epoch ${epoch}`}>
      <path class="let-in" d={columnsPath(letIn)} />
      <path class="held-back" d={columnsPath(heldBack)} />
    </Lane>
  );
}

function LabelLane({ scan }: { scan: ScanDetailWire }) {
  if (scan.labels.length === 0) return null;
  const colours = labelColours(scan.labels);
  return (
    <Lane scan={scan} name="Labels">
      {[...colours].map(([label, colour]) => (
        <path
          key={label}
          class={`c${colour}`}
          fill="currentColor"
          d={spansPath(
            scan.labels.filter((one) => one.label === label).map((
              { startSeconds, endSeconds },
            ) => [startSeconds, endSeconds]),
          )}
        />
      ))}
    </Lane>
  );
}

function Legend({ scan, paced, epoch }: ScanTimelineProps) {
  const { isAffinityKnown } = paceColumns(paced, scan.windowSeconds);
  return (
    <ul class="legend">
      {paced.size > 0 && (
        <>
          <li>
            <i class="key let-in" /> let in at epoch {epoch}
          </li>
          <li>
            <i class="key held-back" /> held back{isAffinityKnown && "; height is affinity"}
          </li>
        </>
      )}
      {[...labelColours(scan.labels)].map(([label, colour]) => (
        <li key={label}>
          <i class={`key c${colour}`} style={{ background: "currentColor" }} />{" "}
          <bdi class="label" title={label}>{label}</bdi>
        </li>
      ))}
    </ul>
  );
}
