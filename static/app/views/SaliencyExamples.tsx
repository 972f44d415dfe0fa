import { useEffect, useRef } from "preact/hooks";
import type { SaliencyExampleWire } from "../../../routes/wire/results.ts";
import { api } from "../client.ts";
import { useJson } from "../hooks.ts";
import { route, setQuery } from "../router.ts";
import { decodeMap, type GreyMap, overlayPixels } from "../saliency_pixels.ts";
import { Note } from "./Parts.tsx";

const usualStrength = 70;

/** Test pictures with where people looked, beside where each row says they do. */
export function SaliencyExamples({ report }: { report: string }) {
  const { data, problem } = useJson(api.results[":report"].saliency, { param: { report } });
  const asked = Number(route.value.query.get("overlay") ?? usualStrength);
  const strength = asked >= 0 && asked <= 100 ? asked : usualStrength;
  return (
    <>
      <h2 class="section">Where people look</h2>
      <p class="small">
        Test pictures under the measured gaze map and under each row's prediction, each map scaled to its own
        maximum: from dark red, seldom, to yellow, often.
      </p>
      {problem && <Note kind="warning">{problem}</Note>}
      {!data && !problem && <Note kind="quiet">Loading…</Note>}
      <div class="row filters">
        <label class="choice">
          <span>Strength of the maps</span>
          <input
            type="range"
            min={0}
            max={100}
            step={5}
            value={strength}
            onInput={({ currentTarget: { value } }) => setQuery({ overlay: value }, "replace")}
          />
        </label>
      </div>
      {data?.map((example, i) => (
        <Example key={i} example={example} number={i + 1} strength={strength / 100} />
      ))}
    </>
  );
}

function Example(
  { example: { picture, pictureSize, size, maps }, number, strength }: {
    example: SaliencyExampleWire;
    number: number;
    strength: number;
  },
) {
  const grey = decodeMap(picture, pictureSize);
  return (
    <div class="panel overlays" role="group" aria-label={`Example ${number}`}>
      {maps.map(({ title, values }) => {
        const map = decodeMap(values, size);
        return (
          <figure key={title}>
            {grey && map
              ? <Overlay picture={grey} map={map} strength={strength} name={`${title}, example ${number}`} />
              : <p class="muted small">no picture</p>}
            <figcaption class="small">{title}</figcaption>
          </figure>
        );
      })}
    </div>
  );
}

function Overlay(
  { picture, map, strength, name }: { picture: GreyMap; map: GreyMap; strength: number; name: string },
) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [height, width] = picture.size;
  useEffect(() => {
    const pixels = new ImageData(overlayPixels(picture, map, strength), width, height);
    canvas.current?.getContext("2d")?.putImageData(pixels, 0, 0);
  });
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={name} />;
}
