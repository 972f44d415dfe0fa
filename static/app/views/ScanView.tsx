import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { DatasetWire, ScanDetailWire } from "../../../routes/wire/datasets.ts";
import type { PacedWindowWire } from "../../../routes/wire/pace.ts";
import { addressOf, api } from "../client.ts";
import { formatNumber, formatPlace } from "../format.ts";
import { useJson } from "../hooks.ts";
import { bindKeys } from "../keys.ts";
import { jump, playedSeconds, playing, stop, toggle } from "../player.ts";
import { href, route, setQuery } from "../router.ts";
import { frameAt, type Instant, instantOf } from "../scan_timeline.ts";
import { FrameGrid } from "./FrameGrid.tsx";
import { Facts, Note } from "./Parts.tsx";
import { ScanTimeline } from "./ScanTimeline.tsx";

const scanAddress = api.runs[":run"].dataset.scans[":scan"];

/** A scan over its time: its pictures above what is heard, labelled, looked at and let in. */
export function ScanView({ run, id, dataset }: { run: string; id: string; dataset: DatasetWire }) {
  const { data: scan, problem } = useJson(scanAddress, { param: { run, scan: id } });
  const at = dataset.scans.findIndex((one) => one.id === id);
  const neighbour = (step: number) => dataset.scans[at + step]?.id;
  if (problem) return <Note kind="warning">{problem}</Note>;
  if (!scan) return <Note kind="quiet">Loading…</Note>;
  const link = (to: string | undefined, text: string) => to && <a href={href(run, "data", to)}>{text}</a>;
  return (
    <section class="scan">
      <div class="row spread">
        <h2>
          Scan {scan.id} <span class={`tag ${scan.split}`}>{scan.split}</span>{" "}
          <span class="muted small">subject {scan.subject}</span>
        </h2>
        <nav class="row" aria-label="Scans">
          {link(neighbour(-1), "‹ Previous scan")}
          {link(neighbour(1), "Next scan ›")}
          <a href={href(run, "data")}>All scans</a>
          <a href={href(run, "windows", "", { scan: id })}>Its windows</a>
        </nav>
      </div>
      {scan.notes.map((note) => <Note key={note} kind="quiet">{note}</Note>)}
      {scan.frameCount === 0
        ? <Note kind="quiet">It holds no whole window.</Note>
        : <ScanStage key={id} run={run} scan={scan} />}
    </section>
  );
}

function ScanStage({ run, scan }: { run: string; scan: ScanDetailWire }) {
  const param = { run, scan: scan.id };
  const voice = useJson(scanAddress.voice, { param });
  const { epoch, paced } = usePace(run, scan);
  const speech = addressOf(scanAddress["speech.wav"], { param });
  const isPlaying = playing.value === speech;
  const { frame, goTo, step } = useFrame(scan, speech);
  const seconds = frame * scan.frameSeconds;
  const instant = instantOf(seconds, scan, voice.data?.voiced ?? null, paced);
  const play = () => toggle(speech, seconds);
  const live = useRef({ step, play });
  live.current = { step, play };
  useEffect(() =>
    bindKeys([
      { key: "ArrowLeft", does: "goes to the frame before", act: () => live.current.step(-1) },
      { key: "ArrowRight", does: "goes to the next frame", act: () => live.current.step(1) },
      { key: "p", does: "plays the scan from here, or stops", act: () => live.current.play() },
    ]), []);
  const image = useSteadyImage(addressOf(scanAddress["frame.png"], { param, query: { index: frame } }));
  return (
    <>
      <div class="detail-grid">
        <figure class="panel frame-viewer">
          <div class="gazed">
            <img
              src={image}
              alt={`Frame ${frame + 1} of ${scan.frameCount}`}
              style={{ aspectRatio: `${scan.frameSize[1]} / ${scan.frameSize[0]}` }}
            />
            {instant.fixation && (
              <i
                class="fixation"
                style={{ left: `${instant.fixation.x * 100}%`, top: `${instant.fixation.y * 100}%` }}
              />
            )}
          </div>
          <div class="row">
            <button type="button" aria-pressed={isPlaying} class="toggle" onClick={play}>
              {isPlaying ? "Stop" : "Play from here"}
            </button>
            <button type="button" aria-label="Previous frame" onClick={() => step(-1)}>‹</button>
            <button type="button" aria-label="Next frame" onClick={() => step(1)}>›</button>
          </div>
        </figure>
        <div class="panel">
          <Facts facts={factsOf(instant, frame, scan, epoch)} />
          {instant.window && (
            <span class="row">
              <a href={href(run, "windows", String(instant.window.id))}>Open the window</a>
              <a href={href(run, "find", "", { window: String(instant.window.id), of: "video" })}>
                Speech that fits its picture
              </a>
            </span>
          )}
        </div>
      </div>
      <ScanTimeline
        scan={scan}
        voice={voice}
        paced={paced}
        epoch={epoch}
        spectrogram={addressOf(scanAddress["spectrogram.png"], { param })}
        frame={frame}
        onFrame={goTo}
      />
      <FrameGrid run={run} scan={scan} frame={frame} onFrame={goTo} />
    </>
  );
}

/** The frame that is shown: what plays moves it, the address keeps it once it stands still. */
function useFrame(scan: ScanDetailWire, speech: string) {
  const { query } = route.value;
  const clamp = (value: number) => Math.max(0, Math.min(scan.frameCount - 1, Math.trunc(value) || 0));
  const kept = clamp(Number(query.get("frame")));
  const [own, setOwn] = useState(kept);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const written = useRef<number | null>(null);
  const isPlaying = playing.value === speech;
  const frame = isPlaying ? frameAt(playedSeconds.value, scan) : own;
  const lastPlayed = useRef<number | null>(null);
  if (isPlaying) lastPlayed.current = frame;
  // Keys may come faster than the page is drawn.
  const newest = useRef(frame);
  newest.current = frame;
  const keep = (next: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      written.current = next;
      setQuery({ frame: next === 0 ? "" : String(next) }, "replace");
    }, 200);
  };
  useEffect(() => {
    if (isPlaying || lastPlayed.current === null) return;
    setOwn(lastPlayed.current);
    keep(lastPlayed.current);
    lastPlayed.current = null;
  }, [isPlaying]);
  // What was written here is old by now if the frame has moved on; what "back" brings is not.
  useEffect(() => {
    if (kept !== written.current) setOwn(kept);
    written.current = null;
  }, [kept]);
  useEffect(() => () => (clearTimeout(timer.current), playing.value === speech && stop()), []);
  const goTo = (wanted: number) => {
    const next = clamp(wanted);
    newest.current = next;
    jump(speech, next * scan.frameSeconds);
    setOwn(next);
    if (playing.value !== speech) keep(next);
  };
  return { frame, goTo, step: (by: number) => goTo(newest.current + by) };
}

/** The picture that was wanted last and is here: one is fetched at a time, those passed over are not. */
function useSteadyImage(wanted: string): string {
  const [shown, setShown] = useState(wanted);
  const fetching = useRef({ wanted, isBusy: false });
  fetching.current.wanted = wanted;
  useEffect(() => {
    const { current } = fetching;
    const fetchNext = () => {
      const source = current.wanted;
      const image = new Image();
      const done = () => {
        current.isBusy = false;
        setShown(source);
        if (current.wanted !== source) fetchNext();
      };
      current.isBusy = true;
      image.onload = done;
      image.onerror = done;
      image.src = source;
    };
    if (!current.isBusy && wanted !== shown) fetchNext();
  }, [wanted]);
  return shown;
}

/** The pace's scores of the scan's windows at the newest epoch, by window. */
function usePace(run: string, { id, split }: ScanDetailWire) {
  const isTrained = split === "train";
  const { data: epochs } = useJson(api.runs[":run"].pace, isTrained ? { param: { run } } : null);
  const epoch = epochs?.at(-1)?.epoch ?? null;
  const { data } = useJson(
    api.runs[":run"].pace[":epoch"].windows,
    epoch === null ? null : { param: { run, epoch }, query: { scan: id, limit: 5000 } },
  );
  const paced = useMemo(
    () => new Map((data?.windows ?? []).map((one): [number, PacedWindowWire] => [one.window.id, one])),
    [data],
  );
  return { epoch, paced };
}

function factsOf(
  instant: Instant,
  frame: number,
  scan: ScanDetailWire,
  epoch: number | null,
): [string, string][] {
  const seconds = frame * scan.frameSeconds;
  const heard = (isVoice: boolean | null) => isVoice === null ? "…" : isVoice ? "voice" : "none";
  const { paced } = instant;
  return [
    ["Time", `${formatPlace(seconds)}.${Math.floor((seconds % 1) * 10)} of ${formatPlace(scan.seconds)}`],
    ["Frame", `${frame + 1} of ${scan.frameCount}`],
    ["Window", instant.window ? String(instant.window.index + 1) : "–"],
    ["Voice (WebRTC)", heard(instant.webrtc)],
    ["Voice (energy)", heard(instant.energy)],
    ...(scan.labels.length > 0 ? [["Label", instant.label ?? "none"] as [string, string]] : []),
    ...(scan.fixations
      ? [[
        "Gaze",
        instant.fixation
          ? `${formatNumber(instant.fixation.x)} across, ${formatNumber(instant.fixation.y)} down`
          : "no fixation",
      ] as [string, string]]
      : []),
    ...(paced
      ? [[
        `Pace at epoch ${epoch}`,
        `${paced.weight > 0 ? "let in" : "held back"}${
          paced.affinity === null ? "" : `, affinity ${formatNumber(paced.affinity)}`
        }`,
      ] as [string, string]]
      : []),
  ];
}
