import assert from "node:assert/strict";
import { isReached, type Part, type PartResult, targetText } from "./part.ts";
import { Pacer } from "./pacer.ts";
import { findingText, type Report, reportJson, reportText, writeReport } from "./report.ts";

const part: Part = {
  name: "steps",
  title: "a title",
  isDefault: true,
  seconds: () => 1,
  run: () => Promise.reject(new Error("must not be run")),
};

function reportOf(result: Partial<PartResult>): Report {
  return {
    machine: { cores: 2, adapter: "Adapter <1>", hasHardwareAdapter: true },
    date: "2026-11-27",
    commit: "abc1234",
    findings: [{ part, seconds: 3, result: { text: "a table", data: { x: 1 }, ...result } }],
  };
}

Deno.test("a target is reached at its bound and missed beyond it, and its line says so", () => {
  assert.ok(isReached({ what: "x", value: 1.25, most: 1.25 }));
  assert.ok(!isReached({ what: "x", value: 1.26, most: 1.25 }));
  assert.ok(!isReached({ what: "x", value: 0.49, least: 0.5 }));
  assert.ok(!isReached({ what: "x", value: NaN, most: 1 }));
  assert.match(
    targetText({ what: "x", value: 2, most: 1, unit: "ms" }),
    /^MISSED +x: 2 ms, must be at most 1 ms$/,
  );
});

Deno.test("reportText() and reportJson() hold every finding with its targets", () => {
  const report = reportOf({ targets: [{ what: "time", value: 3, most: 2 }] });
  assert.match(
    reportText(report),
    /2 cores, adapter Adapter <1>, PyTorch none\n\n== steps: a title\na table\n\nMISSED/,
  );
  assert.equal(findingText(reportOf({}).findings[0]), "== steps: a title\na table");
  const json = JSON.parse(JSON.stringify(reportJson(report)));
  assert.equal(json.parts.steps.data.x, 1);
  assert.deepEqual(json.parts.steps.targets, [{ what: "time", value: 3, most: 2, reached: false }]);
  assert.deepEqual([json.commit, json.machine.cores], ["abc1234", 2]);
});

Deno.test("writeReport() writes the device's section and its plot, again in the same place", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/README.md`, "# Bench\n\n<!-- results -->\n");
    const bars = [{ title: "Step", unit: "ms", bars: [{ label: "wasm", value: 20 }] }];
    const paths = await writeReport(reportOf({ bars }), folder);
    await writeReport(reportOf({ bars, text: "another table" }), folder);
    const readme = await Deno.readTextFile(`${folder}/README.md`);
    assert.ok(readme.includes("another table") && !readme.includes("\na table"));
    assert.match(readme, /!\[.*\]\(bench_adapter-1-2-cores\.svg\)/);
    assert.equal(paths[1], `${folder}/bench_adapter-1-2-cores.svg`);
    assert.match(await Deno.readTextFile(paths[1]), /Adapter &lt;1&gt;, 2 cores, 2026-11-27, commit abc1234/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Pacer tells what is left from the shares of parts and this machine's own speed", () => {
  let now = 100;
  const shown: string[] = [];
  const pacer = new Pacer([{ name: "a", seconds: 10 }, { name: "b", seconds: 30 }], {
    now: () => now,
    printer: {
      show: ({ done, etaSeconds }) => void shown.push(`${done} ${etaSeconds?.toFixed(0)}`),
      note: () => {},
      clear: () => {},
    },
  });
  assert.equal(pacer.secondsLeft("a", 0), undefined);
  now += 20; // half as fast as it should be
  pacer.finish("a");
  now += 30;
  pacer.show("b", 0.5);
  assert.deepEqual(shown, ["25 60", "62 30"]);
});
