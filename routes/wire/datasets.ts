/**
 * Datasets over the wire: scans, windows, what was put aside, and the split certificate.
 *
 * @module
 */

/** A recording of the dataset. */
export interface ScanWire {
  id: string;
  /** The subject's number, from 1 in the order of the scans: its name may be a patient's and stays here. */
  subject: number;
  split: string;
  windows: number;
  durationSeconds: number;
  /** Mean of its windows' shares of voice, by detector. */
  voicedFractionEnergy: number;
  voicedFractionWebrtc: number;
}

/** A stretch of a scan's time axis, seconds. */
export type SpanWire = [startSeconds: number, endSeconds: number];

/**
 * `GET /api/runs/:run/dataset/scans/:scan/voice`: null where the sound's sample rate does not allow to find it. The
 * first answer takes about a hundredth of the sound's length.
 */
export interface VoiceAnswer {
  voiced: VoicedWire | null;
}

/** Where a scan holds voice, by detector. */
export interface VoicedWire {
  energy: SpanWire[];
  webrtc: SpanWire[];
}

/**
 * `GET /api/runs/:run/dataset/scans/:scan`; beside it lie `frame.png?index=…`, `spectrogram.png` of all of it, and
 * `speech.wav`.
 */
export interface ScanDetailWire extends ScanWire {
  /** Length as far as whole windows tile it. */
  seconds: number;
  frameCount: number;
  /** Time from one stored frame to the next. */
  frameSeconds: number;
  windowSeconds: number;
  /** Height and width, pixels. */
  frameSize: [number, number];
  windowList: WindowWire[];
  labels: { startSeconds: number; endSeconds: number; label: string }[];
  /** Places as shares of the frame, beyond 0 to 1 outside of it; null without gaze. */
  fixations: { startSeconds: number; durationSeconds: number; x: number; y: number }[] | null;
  /** What is worth knowing about how it was read. */
  notes: string[];
}

/** By which rule recordings were compared. */
export interface CertificateRuleWire {
  /** Length of the pieces that are looked up in the other splits. */
  segmentSeconds: number;
  /** Length of what must agree around them. */
  surroundingSeconds: number;
  /** Correlation from which two pieces count as the same recording. */
  leastCorrelation: number;
}

/** `GET /api/runs/:run/certificate`: null where the run has none. */
export interface CertificateAnswer {
  certificate: CertificateWire | null;
}

/** What a run's split certificate says. */
export interface CertificateWire {
  version: number;
  /** Whether it is of the dataset that the run names. */
  isOfDataset: boolean;
  splits: { split: string; subjects: number; scans: number; windows: number }[];
  windowsCompared: number;
  nearDuplicates: number;
  pictures: CertificateRuleWire;
  speech: CertificateRuleWire;
}

/** `GET /api/runs/:run/dataset` */
export interface DatasetWire {
  windows: number;
  hours: number;
  /** Mean voicedFraction by detector. */
  voicedFractionEnergy: number;
  voicedFractionWebrtc: number;
  windowSeconds: number;
  framesPerWindow: number;
  /** Height and width, pixels. */
  frameSize: [number, number];
  scans: ScanWire[];
  quarantined: number;
}

/** One window: the paper's interval T. */
export interface WindowWire {
  id: number;
  scanId: string;
  /** As in {@linkcode ScanWire}. */
  subject: number;
  split: string;
  index: number;
  startSeconds: number;
  frameCount: number;
  voicedFractionEnergy: number;
  voicedFractionWebrtc: number;
}

/** `GET /api/runs/:run/dataset/windows?scan=…&split=…&offset=…&limit=…` */
export interface WindowsPage {
  total: number;
  offset: number;
  windows: WindowWire[];
}

/** `GET /api/runs/:run/dataset/quarantine` answers a list of these. */
export interface QuarantineWire {
  /** What kind of problem, as `no audio`. */
  reason: string;
  /** The problem in words, without names of files. */
  detail: string;
  /** How many files share the reason. */
  files: number;
}
