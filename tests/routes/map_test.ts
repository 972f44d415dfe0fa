import assert from "node:assert/strict";
import type { EmbeddingMapWire, MapPlacesLine } from "../../routes/wire/maps.ts";
import type { EvaluationWire } from "../../routes/wire/runs.ts";
import { assertProblem, type Bench, withApp } from "../helpers/app_bench.ts";

const mapPath = (step: number, rest = "") => `/api/runs/r1/evaluations/validation-${step}/map${rest}`;

async function linesOf(response: Response): Promise<MapPlacesLine[]> {
  assert.equal(response.status, 200);
  return (await response.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function placesOf({ ask }: Bench, step: number, method: string) {
  const last = (await linesOf(await ask(mapPath(step, `/places?method=${method}`)))).at(-1)!;
  assert.equal(last.kind, "places", JSON.stringify(last));
  const bytes = Uint8Array.from(atob(last.places), (c) => c.charCodeAt(0));
  return { ...last, places: new Float32Array(bytes.buffer) };
}

/** Mean distance of the same points in two layouts, in root mean squares of the first one's size. */
function movement(a: Float32Array, b: Float32Array): number {
  const size = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0) / (a.length / 2));
  let sum = 0;
  for (let i = 0; i < a.length; i += 2) sum += Math.hypot(a[i] - b[i], a[i + 1] - b[i + 1]);
  return sum / (a.length / 2) / size;
}

Deno.test("createApp() says of each window on the map where it is from, its label, voice, affinity and loss", () =>
  withApp(async ({ json, ask }) => {
    const map = await json<EmbeddingMapWire>(mapPath(240));
    assert.equal(map.windowIds.length, 60);
    assert.deepEqual([map.scans, map.labels], [["scan3", "scan4", "scan5"], ["even"]]);
    for (const list of [map.scan, map.label, map.startSeconds, map.voice, map.affinity, map.loss]) {
      assert.equal(list.length, 60);
    }
    const window = map.windowIds.indexOf(4003);
    assert.deepEqual([map.scans[map.scan[window]], map.label[window], map.startSeconds[window]], [
      "scan4",
      null,
      6,
    ]);
    assert.equal(map.label[map.windowIds.indexOf(4002)], 0);
    assert.equal(map.voice[window], Number((0.5 + 0.5 * Math.sin(4 + 3.3)).toFixed(4)));
    const mean = (values: (number | null)[]) =>
      values.reduce((sum: number, v) => sum + v!, 0) / values.length;
    const early = await json<EmbeddingMapWire>(mapPath(40));
    assert.ok(mean(map.affinity) > mean(early.affinity) + 0.1, "pairs come together");
    assert.ok(mean(map.loss) < mean(early.loss));
    assert.equal(map.contrasted, 60);
    assert.ok(Math.abs(map.temperature - (0.07 + 0.03 * Math.exp(-240 / 130))) < 1e-9, `${map.temperature}`);
    assert.ok(!JSON.stringify(map).includes("anna"), "names of subjects stay on the machine");
    await assertProblem(await ask("/api/runs/r1/evaluations/none/map"), 404);
    await assertProblem(await ask("/api/runs/r1/evaluations/none/map/places"), 404);
    await assertProblem(await ask(mapPath(40, "/places?method=tsne")), 400);
  }));

Deno.test("createApp() lays a map out as the evaluation before it lies, by principal components and by UMAP", () =>
  withApp(async (bench) => {
    for (const method of ["pca", "umap"]) {
      const [before, after] = [await placesOf(bench, 200, method), await placesOf(bench, 240, method)];
      assert.equal(after.places.length, 2 * 2 * 60);
      assert.ok(after.places.every(Number.isFinite));
      assert.equal(after.laidOut, 60);
      assert.equal(after.varianceShare === null, method === "umap");
      const moved = movement(before.places, after.places);
      const mirrored = movement(before.places, after.places.map((value, i) => i % 2 === 0 ? -value : value));
      assert.ok(moved > 0 && moved < 0.35, `${method} moved by ${moved}`);
      assert.ok(mirrored > 2 * moved, `${method}: as far as its mirror image, ${mirrored}`);
      // Whoever asks later, without what is in memory, sees the same.
      await withApp(async (other) =>
        assert.deepEqual((await placesOf(other, 240, method)).places, after.places)
      );
    }
  }));

Deno.test("createApp() tells how far UMAP is, and lays out once for all who wait", () =>
  withApp(async ({ ask }) => {
    const asked = [1, 2].map(async () => await linesOf(await ask(mapPath(240, "/places?method=umap"))));
    const [first, second] = await Promise.all(asked);
    const shares = first.flatMap((line) => line.kind === "working" ? line.share : []);
    assert.ok(shares.length > 6 && shares.every((share, i) => share <= 1 && share >= (shares[i - 1] ?? 0)));
    assert.deepEqual(first.at(-1), second.at(-1));
    const again = await linesOf(await ask(mapPath(240, "/places?method=umap")));
    assert.deepEqual(again, [first.at(-1)], "what is known is answered at once");
  }));

Deno.test("createApp() stops laying out when nobody waits, and begins anew when asked again", () =>
  withApp(async (bench) => {
    const response = await bench.ask(mapPath(240, "/places?method=umap"));
    const reader = response.body!.getReader();
    const { value } = await reader.read();
    assert.match(new TextDecoder().decode(value), /"working"/);
    await reader.cancel();
    assert.equal((await placesOf(bench, 240, "umap")).places.length, 240);
  }));

Deno.test("createApp() says that embeddings cannot be laid out, without the file's path", () =>
  withApp(async ({ ask, json, run, logged }) => {
    const path = `${run.folder}/evaluations/validation-40/embeddings.safetensors`;
    await Deno.writeTextFile(path, "no tensors at all");
    const [line] = await linesOf(await ask(mapPath(40, "/places")));
    assert.equal(line.kind, "failed");
    assert.ok(!JSON.stringify(line).includes(run.folder));
    assert.match(logged[0], /^map: Cannot read safetensors: the header must be at most 100 MB$/);
    await assertProblem(await ask(mapPath(40)), 503);
    await Deno.remove(path);
    assert.equal((await json<EvaluationWire[]>("/api/runs/r1/evaluations"))[0].hasMap, false);
    await assertProblem(await ask(mapPath(40)), 404);
  }));
