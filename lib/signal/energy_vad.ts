/**
 * The energy-based voice activity detector.
 *
 * The paper uses one without stating its details (Jiao et al., MICCAI 2020, section 2.3). Ours compares the level of
 * each frame with a noise floor that follows the quietest moments: it falls with the level at once and rises by 2 dB a
 * second. As any detector of energy alone it takes clicks, beeps and clatter for voice.
 *
 * @module
 */

/** A frame is voiced this far above the noise floor, dB. */
const marginDecibels = 9;
/** Below this level nothing is voiced, dB of full scale. */
const leastLevel = -55;
/** The floor is never taken to be lower, dB of full scale: digital silence says nothing about the room. */
const leastFloor = -65;
const riseDecibelsPerSecond = 2;
/** Voice goes on for this long after a frame's level has fallen, seconds. */
const hangoverSeconds = 0.1;

/** Judges frames one after the other. */
export class EnergyVad {
  readonly #frameSeconds: number;
  #floor = Infinity;
  #hangover = 0;

  /** Makes a detector. @param frameSeconds Length of a frame. */
  constructor(frameSeconds: number) {
    this.#frameSeconds = frameSeconds;
  }

  /** Whether a frame is voiced; it depends on the frames before. @param frame Samples, ±32768. */
  isVoice(frame: Float64Array): boolean {
    const energy = frame.reduce((sum, sample) => sum + sample * sample, 0) / frame.length;
    const level = 10 * Math.log10(energy / 32768 ** 2 + 1e-12);
    const risen = this.#floor + riseDecibelsPerSecond * this.#frameSeconds;
    this.#floor = Math.max(leastFloor, Math.min(level, risen));
    if (level > this.#floor + marginDecibels && level > leastLevel) {
      this.#hangover = Math.round(hangoverSeconds / this.#frameSeconds);
      return true;
    }
    return this.#hangover-- > 0;
  }
}
