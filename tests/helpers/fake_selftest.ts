/** A self-test's report with the findings that a test gives it. @module */

import type { SelftestReport } from "../../lib/selftest/run_selftest.ts";
import { type Finding, outcomeOf } from "../../lib/selftest/security_check.ts";

/** A report of one check. */
export function reportOf(...findings: Finding[]): SelftestReport {
  return {
    format: "sonospeech-selftest-1",
    outcome: outcomeOf({ findings }),
    programVersion: "0.1.0",
    denoVersion: "2.9.6",
    system: "x86_64",
    isPacked: true,
    executableSha256: "ab".repeat(32),
    finishedAt: "2026-11-27T10:00:00.000Z",
    checks: [{ id: "one", title: "Nothing leaves", method: "it was watched", findings, facts: [["a", "b"]] }],
    commands: [{ command: "doctor", flags: ["--allow-read=PROGRAM"] }],
    parts: [{ name: "hono", version: "4", license: "MIT" }],
  };
}
