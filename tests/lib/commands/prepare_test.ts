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
    await Deno.writeTextFile(
      `${folder}/lists/manifest.csv`,
      "video,subject,labels,gaze,mask,bleep\n../b.mp4,b,../planes/b.csv,b.tsv,../m.json,../out.csv\n",
    );
    let plan: Plan | undefined;
    const command = prepareCommand({ programName: "sono", plan: (made) => void (plan = made) });
    const words = ["a.mp4", "lists", "--out", "data", "--mask", "mask.json", "--pseudonym-key", "key"];
    command.parse(words, { from: "user" });
    const { read, write, net } = await plan!.permissions({ workingDirectory: folder, app: appPaths() });
    assert.deepEqual(read, [
      "a.mp4",
      "lists",
      `${folder}/a.wav`,
      `${folder}/b.mp4`,
      `${folder}/planes/b.csv`,
      `${folder}/m.json`,
      `${folder}/out.csv`,
      "mask.json",
    ]);
    assert.deepEqual([write, net], [["data", "key"], undefined]);
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
    labelledScans: 2,
    gazeScans: 1,
    bleeped: { scans: 1, seconds: 2.5 },
    masks: { confirmed: 1, template: 0, found: 2, doubtful: 1, none: 0 },
    windowsPerSplit: { train: 30, validation: 0, test: 60 },
    speechShareEnergy: 0.5,
    speechShareWebrtc: 0.256,
    quarantined: 2,
    quarantineReasons: { "no audio": 1, corrupt: 1 },
  }, "data/x");
  assert.match(text, /^windows +90 \(3m00s\)$/m);
  assert.match(text, /^speech +26 % by WebRTC's detector, 50 % by energy$/m);
  assert.match(text, /^annotated +labels on 2 scans, gaze on 1$/m);
  assert.match(text, /^masks +1 confirmed, 2 found by itself, 1 doubtful$/m);
  assert.match(text, /^taken out +2.50 s of speech of 1 scans$/m);
  assert.match(text, /^quarantined +2: 1 no audio, 1 corrupt$/m);
});
