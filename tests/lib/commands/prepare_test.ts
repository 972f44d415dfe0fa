import assert from "node:assert/strict";
import { prepareCommand, summaryText } from "../../../lib/commands/prepare.ts";
import type { Plan } from "../../../lib/commands/plan.ts";
import { appPaths } from "../../../lib/app_paths.ts";

Deno.test("prepare may read what manifests name elsewhere, and sound beside videos, and nothing more", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/lists`);
    for (const file of ["a.mp4", "a.wav", "b.mp4", "c.mp4"]) {
      await Deno.writeTextFile(`${folder}/${file}`, "");
    }
    await Deno.writeTextFile(`${folder}/lists/manifest.csv`, "video,subject\n../b.mp4,b\n");
    let plan: Plan | undefined;
    const command = prepareCommand({ programName: "sono", plan: (made) => void (plan = made) });
    command.parse(["a.mp4", "lists", "--out", "data"], { from: "user" });
    const { read, write, net } = await plan!.permissions({ workingDirectory: folder, app: appPaths() });
    assert.deepEqual(read, ["a.mp4", "lists", `${folder}/a.wav`, `${folder}/b.mp4`]);
    assert.deepEqual([write, net], [["data"], undefined]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("summaryText() says how much there is, what speaks and what was put aside and why", () => {
  const text = summaryText({
    scans: 3,
    windows: 90,
    hours: 0.05,
    subjects: { train: 1, validation: 0, test: 2 },
    windowsPerSplit: { train: 30, validation: 0, test: 60 },
    speechShareEnergy: 0.5,
    speechShareWebrtc: 0.256,
    quarantined: 2,
    quarantineReasons: { "no audio": 1, corrupt: 1 },
  }, "data/x");
  assert.match(text, /^windows +90 \(3m00s\)$/m);
  assert.match(text, /^speech +26 % by WebRTC's detector, 50 % by energy$/m);
  assert.match(text, /^quarantined +2: 1 no audio, 1 corrupt$/m);
});
