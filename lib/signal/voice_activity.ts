/**
 * Where a sound holds voice, by two detectors.
 *
 * @module
 */

import { SonospeechError } from "../errors.ts";
import { Decimator } from "./decimator.ts";
import { EnergyVad } from "./energy_vad.ts";
import { resemblesSpeech, SoundAnalyzer } from "./sound_kind.ts";
import { WebrtcVad } from "./webrtc_vad.ts";

const { frameLength } = WebrtcVad;
/** Length of the frames that are judged, seconds. */
export const voiceFrameSeconds = frameLength / WebrtcVad.sampleRate;

/** Frames on each side in which a frame of voice looks for moments that resemble speech. */
const contextFrames = 5;
/** Share of the moments around a frame that must resemble speech: fricatives are hiss, but vowels are near. */
const leastSpeechShare = 0.4;

/** A voiced stretch of time. */
export interface VoicedSpan {
  /** Where it begins. */
  startSeconds: number;
  /** Where it ends. */
  endSeconds: number;
}

/** What was found: one number, 0 or 1, for each frame of {@linkcode voiceFrameSeconds}. */
export interface VoiceActivity {
  /** By level over an adaptive noise floor, as in the paper. */
  energy: Uint8Array;
  /** By WebRTC's detector, without tones, clicks, hum and hiss. */
  webrtc: Uint8Array;
}

/**
 * Finds voice in a sound as it comes; memory grows by 150 bytes a second.
 *
 * Both detectors hear the sound at 8 kHz. WebRTC's takes tones and loud noise for speech, so each of its voiced frames
 * must have enough moments around it that resemble speech.
 */
export class VoiceActivityStream {
  readonly #decimator: Decimator;
  readonly #webrtc: WebrtcVad;
  readonly #energy = new EnergyVad(voiceFrameSeconds);
  readonly #analyzer = new SoundAnalyzer();
  readonly #hasGaps: boolean;
  readonly #flags = { energy: new FlagList(), webrtc: new FlagList(), speechLike: new FlagList() };
  /** Samples not yet done with; the first analysis block begins before the sound does. */
  #pending = new Float64Array(margin);

  private constructor(sampleRate: number, webrtc: WebrtcVad, hasGaps: boolean) {
    this.#hasGaps = hasGaps;
    this.#decimator = new Decimator(sampleRate / WebrtcVad.sampleRate);
    this.#webrtc = webrtc;
  }

  /**
   * Makes a stream.
   *
   * @param sampleRate Rate of the samples to come, Hz: a multiple of 8000.
   * @param fvadWasm The bytes of `fvad.wasm`; found by itself when left out.
   * @param options.hasGaps Whether stretches of the sound were taken out, so that samples of 0 are neither voice nor
   * the room: the detectors do not hear them. Otherwise the energy detector would take such a gap for a very quiet room,
   * and the room itself for voice for seconds after it.
   * @throws SonospeechError `config` for another rate.
   */
  static async create(
    sampleRate: number,
    fvadWasm?: Uint8Array,
    { hasGaps = false }: { hasGaps?: boolean } = {},
  ): Promise<VoiceActivityStream> {
    if (sampleRate % WebrtcVad.sampleRate !== 0) {
      throw new SonospeechError("config", {
        action: "detect voice",
        must: "spectrogram.sampleRate must be a multiple of 8000 Hz",
        received: sampleRate,
      });
    }
    return new VoiceActivityStream(sampleRate, await WebrtcVad.create(fvadWasm), hasGaps);
  }

  /** Takes 16-bit samples. */
  push(samples: Int16Array): void {
    this.#take(this.#decimator.push(samples));
  }

  /** Ends the sound and frees the detector. An incomplete last frame is not judged. */
  finish(): VoiceActivity {
    this.#take(this.#decimator.finish());
    this.#take(new Float64Array(margin));
    this.#webrtc.close();
    const { energy, webrtc, speechLike } = this.#flags;
    return { energy: energy.values(), webrtc: keepSpeech(webrtc.values(), speechLike.values()) };
  }

  /** Frees the detector without a result. */
  abort(): void {
    this.#webrtc.close();
  }

  #take(samples: Float64Array): void {
    const signal = new Float64Array(this.#pending.length + samples.length);
    signal.set(this.#pending);
    signal.set(samples, this.#pending.length);
    let start = 0;
    for (; start + SoundAnalyzer.length <= signal.length; start += frameLength) {
      this.#judge(signal.subarray(start, start + SoundAnalyzer.length));
    }
    this.#pending = signal.slice(start);
  }

  /** Judges the frame in the middle of a block. */
  #judge(block: Float64Array): void {
    const frame = block.subarray(margin, margin + frameLength);
    if (this.#hasGaps && isGap(frame)) {
      for (const flags of Object.values(this.#flags)) flags.push(false);
      return;
    }
    const isVoice = this.#webrtc.isVoice(frame);
    this.#flags.energy.push(this.#energy.isVoice(frame));
    this.#flags.webrtc.push(isVoice);
    this.#flags.speechLike.push(isVoice && resemblesSpeech(this.#analyzer.features(block)));
  }
}

/** Whether a frame is digital silence for half of its time or more. */
function isGap(frame: Float64Array): boolean {
  return frame.reduce((count, sample) => count + (sample === 0 ? 1 : 0), 0) >= frame.length / 2;
}

/** Samples of an analysis block on each side of its frame. */
const margin = (SoundAnalyzer.length - frameLength) / 2;

/** The voiced frames that have enough moments resembling speech among the voiced ones around them. */
function keepSpeech(voiced: Uint8Array, speechLike: Uint8Array): Uint8Array {
  return voiced.map((isVoiced, frame) => {
    if (!isVoiced) return 0;
    const [first, end] = [Math.max(0, frame - contextFrames), frame + contextFrames + 1];
    const count = voiced.subarray(first, end).reduce((sum, flag) => sum + flag, 0);
    const speech = speechLike.subarray(first, end).reduce((sum, flag) => sum + flag, 0);
    return speech >= Math.max(2, leastSpeechShare * count) ? 1 : 0;
  });
}

/** The stretches of ones. */
export function voicedSpans(flags: Uint8Array): VoicedSpan[] {
  const spans: VoicedSpan[] = [];
  for (let frame = 0; frame < flags.length; frame++) {
    if (!flags[frame]) continue;
    const start = frame;
    while (frame < flags.length && flags[frame]) frame++;
    spans.push({ startSeconds: start * voiceFrameSeconds, endSeconds: frame * voiceFrameSeconds });
  }
  return spans;
}

/**
 * The share of a stretch of time that is voiced; time after the last frame counts as not voiced.
 *
 * A frame belongs to the stretch when its middle does.
 */
export function voicedFraction(flags: Uint8Array, startSeconds: number, endSeconds: number): number {
  const first = Math.max(0, Math.ceil(startSeconds / voiceFrameSeconds - 0.5));
  const end = Math.ceil(endSeconds / voiceFrameSeconds - 0.5);
  const voiced = flags.subarray(first, end).reduce((sum, flag) => sum + flag, 0);
  return voiced / Math.max(1, end - first);
}

/** A growing list of flags. */
class FlagList {
  #values = new Uint8Array(1024);
  #length = 0;

  push(flag: boolean): void {
    if (this.#length === this.#values.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = flag ? 1 : 0;
  }

  values(): Uint8Array {
    return this.#values.subarray(0, this.#length);
  }
}
