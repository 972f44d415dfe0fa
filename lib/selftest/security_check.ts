/**
 * What a check of the self-test says: what was tried, what must hold, and what was found.
 *
 * @module
 */

/** One thing that was tried. */
export interface Finding {
  /** What was done. */
  what: string;
  /** What must come of it. */
  must: string;
  /** What came of it. */
  found: string;
  /** Whether it is what must come; null when it could not be tried here. */
  holds: boolean | null;
}

/** A check with all its findings. */
export interface SecurityCheck {
  id: string;
  title: string;
  /** How it was shown, and what this way of showing cannot see. */
  method: string;
  findings: Finding[];
  /** Further facts that nothing is demanded of. */
  facts?: readonly (readonly [name: string, value: string])[];
}

/** What a check comes to. */
export type Outcome = "passed" | "failed" | "not made";

/** A check fails with any of its findings, and was not made when nothing of it could be tried. */
export function outcomeOf({ findings }: Pick<SecurityCheck, "findings">): Outcome {
  if (findings.some(({ holds }) => holds === false)) return "failed";
  return findings.some(({ holds }) => holds) ? "passed" : "not made";
}

/** A finding that holds when what was found is what must be. */
export function finding(what: string, must: string | number, found: string | number): Finding {
  return { what, must: String(must), found: String(found), holds: String(must) === String(found) };
}

/** A finding of something that could not be tried. */
export function notTried(what: string, must: string, why: string): Finding {
  return { what, must, found: why, holds: null };
}

/** Runs a part of a check; what it throws becomes a finding that does not hold. */
export async function findingsOf(
  what: string,
  must: string,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return [{ what, must, found, holds: false }];
  }
}
