import assert from "node:assert/strict";
import type { RunDetail } from "../../routes/wire/runs.ts";
import { withApp } from "../helpers/app_bench.ts";

Deno.test("a run's detail names why it paused, where it goes on and what to do, without paths", () =>
  withApp(async ({ json, run }) => {
    const pause = {
      cause: "bad input",
      message: "Cannot open /data/anna/dataset: it must be there",
      step: 240,
      safeStep: 220,
      pausedAt: "2026-11-20T10:00:00.000Z",
    };
    await Deno.writeTextFile(`${run.folder}/pause.json`, JSON.stringify(pause).padEnd(4096));
    const detail = await json<RunDetail>("/api/runs/r1");
    assert.deepEqual([detail.state, detail.pauseCause], ["paused", "bad input"]);
    assert.deepEqual(detail.pause, {
      cause: "bad input",
      message: "Cannot open …",
      safeStep: 220,
      remedy: "Bring the run's data back as it was, then continue.",
    });
    for (const [cause, remedy] of [["stopped", "Begin whenever you like."], ["disk full", /^Make room/]]) {
      const early = JSON.stringify({ ...pause, cause, safeStep: 0 });
      await Deno.writeTextFile(`${run.folder}/pause.json`, early);
      assert.match(
        (await json<RunDetail>("/api/runs/r1")).pause!.remedy,
        new RegExp(remedy),
        "before a step",
      );
    }
    for (const cause of ["__proto__", "toString", 7]) {
      await Deno.writeTextFile(
        `${run.folder}/pause.json`,
        JSON.stringify({ ...pause, cause: String(cause) }),
      );
      assert.equal((await json<RunDetail>("/api/runs/r1")).pause?.cause, "unexpected");
    }
    await Deno.writeTextFile(`${run.folder}/pause.json`, "".padEnd(4096));
    assert.deepEqual(
      (await json<RunDetail>("/api/runs/r1")).pause,
      null,
      "it has just written its last event",
    );
  }));
