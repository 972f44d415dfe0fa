/**
 * The paper's two affinity levels: does a window hold speech at all?
 *
 * @see Jiao et al., MICCAI 2020, section 2.3.
 * @module
 */

/** High: the narration may be about the picture. Low: mostly noise. */
export type AffinityLevel = "high" | "low";

/**
 * The level of a window.
 *
 * @param voicedFraction Share of the window with speech, 0 to 1.
 * @param threshold The smallest share of a window with high affinity; the paper states none.
 */
export function affinityLevel(voicedFraction: number, threshold: number): AffinityLevel {
  return voicedFraction >= threshold ? "high" : "low";
}
