/**
 * The contract of everything under `/api`: of each route its method and path, what is asked with, what is sent, and
 * what is answered. The page's client and `openapi.json` are made from it, and tests hold the server to it.
 *
 * A route is named `METHOD /path` from where its group lies. Without `answer` it answers with `media`, each line or
 * message of which is a `data`, or with nothing. Whoever is not signed in is let through to `open` routes alone.
 * What reads is for viewers too, unless its `role` is `operator`; what changes something is for operators, unless its
 * `role` is `viewer`.
 * A `refusal` is what status 400 may say in place of a {@linkcode Problem}; a `file` may be sent in place of JSON.
 *
 * @module
 */

import type {
  Confirmed,
  ControlLogEntry,
  ControlWire,
  EvaluateRequest,
  JobWire,
  RunRequest,
  SettingsOfRun,
  StartProblem,
  StartRequest,
} from "./wire/control.ts";
import type {
  CertificateAnswer,
  DatasetWire,
  QuarantineWire,
  ScanDetailWire,
  VoiceAnswer,
  WindowsPage,
  WindowWire,
} from "./wire/datasets.ts";
import type { FindAnswer, FindIndexWire, FindQuestion, FindWire, ModalityWire } from "./wire/find.ts";
import type { EmbeddingMapWire, MapMethod, MapPlacesLine } from "./wire/maps.ts";
import type { MarkChange, MarkWire, PaceEpochWire, PaceScanWire, PaceWindowsPage } from "./wire/pace.ts";
import type {
  AnsweredWindowsPage,
  ReportDetailWire,
  ResultsAnswer,
  SaliencyExampleWire,
} from "./wire/results.ts";
import type {
  AnnotationChange,
  EvaluationWire,
  RunAnnotation,
  RunDetail,
  RunRemoval,
  RunsAnswer,
  SeriesAnswer,
  StateMessage,
  StoredEventWire,
} from "./wire/runs.ts";
import type { SessionWire, SignIn } from "./wire/session.ts";

/** All routes, by where they lie below `/api`. */
export interface Contract {
  "": SessionRoutes;
  "/openapi.json": DocumentRoutes;
  "/runs": RunRoutes;
  "/runs/:run/dataset": DatasetRoutes;
  "/runs/:run/certificate": CertificateRoutes;
  "/runs/:run/pace": PaceRoutes;
  "/runs/:run/marks": MarkRoutes;
  "/runs/:run/evaluations/:evaluation/map": MapRoutes;
  "/runs/:run/find": FindRoutes;
  "/datasets/:dataset": DatasetRoutes;
  "/results/:report/dataset": DatasetRoutes;
  "/results": ResultsRoutes;
  "/control": ControlRoutes;
}

/** What stands in paths. */
export interface PathParameters {
  /** A run's name. */
  run: string;
  /** The key of a dataset, as `GET /api/runs/:run/find` tells it. */
  dataset: string;
  /** The name of an evaluation's folder. */
  evaluation: string;
  /** A scan's id. */
  scan: string;
  /** A window's id. */
  window: string | number;
  /** An epoch, from 0. */
  epoch: string | number;
  /** The name of a report. */
  report: string;
}

/** What describes the others. */
export interface DocumentRoutes {
  /** This document. */
  "GET /": { answer: Record<string, unknown> };
}

/** Signing in and out. */
export interface SessionRoutes {
  /** Who asks, and what they may. */
  "GET /session": { open: true; answer: SessionWire };
  /** Signs in; the answer sets the session's cookie. */
  "POST /session": { open: true; body: SignIn; answer: SessionWire };
  /** Ends this session. */
  "DELETE /session": { role: "viewer"; answer: SessionWire };
  /** Ends all sessions, for operators. */
  "DELETE /sessions": { answer: SessionWire };
}

/** The runs, their metrics, live events and evaluations. */
export interface RunRoutes {
  /** All runs, newest first. */
  "GET /": {
    query: {
      /** The metric of which the answer says what became of it. */
      metric?: string;
    };
    answer: RunsAnswer;
  };
  /** One run. */
  "GET /:run": { answer: RunDetail };
  /** Moves a run to the trash beside the runs; its name once more confirms it. */
  "DELETE /:run": { body: RunRemoval };
  /** Changes what people keep with a run. */
  "PATCH /:run/annotation": { body: AnnotationChange; answer: RunAnnotation };
  /** Metrics over the steps, thinned out to what a screen shows. */
  "GET /:run/series": {
    query: {
      /** Metrics; all without any. */
      name?: string[];
      /** The first step. @asType integer @minimum 0 */
      from?: number;
      /** The last step. @asType integer @minimum 0 */
      to?: number;
      /** The most points a metric. @asType integer @minimum 5 @maximum 20000 @default 1500 */
      maxPoints?: number;
    };
    answer: SeriesAnswer;
  };
  /** Every value of some metrics as a table; of one metric in several runs, with columns that tell them apart. */
  "GET /:run/series.csv": {
    query: {
      /** Metrics. */
      name?: string[];
      /** Other runs, for one metric. */
      beside?: string[];
    };
    media: "text/csv";
  };
  /**
   * What happens, as it happens: messages of type `run` hold a stored event, those of type `state` the run's state;
   * `reset` asks to load all anew.
   */
  "GET /:run/events": {
    query: {
      /** The event after which to begin; `Last-Event-ID` comes before it. @asType integer @minimum 0 */
      cursor?: number;
    };
    media: "text/event-stream";
    data: StoredEventWire | StateMessage;
  };
  /** Evaluations by step. */
  "GET /:run/evaluations": { answer: EvaluationWire[] };
}

/** What is in a dataset, window by window. */
export interface DatasetRoutes {
  /** The dataset and its scans. */
  "GET /": { answer: DatasetWire };
  /** Files that could not be used, by reason. */
  "GET /quarantine": { answer: QuarantineWire[] };
  /** A page of the windows. */
  "GET /windows": {
    query: {
      /** Windows of this split alone. */
      split?: string;
      /** Windows of this scan alone. */
      scan?: string;
      /** How many to leave out. @asType integer @minimum 0 @default 0 */
      offset?: number;
      /** The most windows. @asType integer @minimum 1 @maximum 200 @default 24 */
      limit?: number;
    };
    answer: WindowsPage;
  };
  /** One window. */
  "GET /windows/:window": { answer: WindowWire };
  /** A frame of a window. */
  "GET /windows/:window/frame.png": {
    query: {
      /** Which of the window's frames; the middle one without. @asType integer @minimum 0 */
      index?: number;
    };
    media: "image/png";
  };
  /** Frames of a window side by side. */
  "GET /windows/:window/strip.png": {
    query: {
      /** The most frames. @asType integer @minimum 1 @maximum 64 @default 8 */
      frames?: number;
    };
    media: "image/png";
  };
  /** A window's log-spectrogram. */
  "GET /windows/:window/spectrogram.png": { media: "image/png" };
  /** A window's speech; takes `Range`. */
  "GET /windows/:window/speech.wav": { media: "audio/wav" };
  /** A scan with its windows, labels and gaze. */
  "GET /scans/:scan": { answer: ScanDetailWire };
  /** Where a scan holds voice. */
  "GET /scans/:scan/voice": { answer: VoiceAnswer };
  /** A frame of a scan. */
  "GET /scans/:scan/frame.png": {
    query: {
      /** Which of the scan's frames. @asType integer @minimum 0 @default 0 */
      index?: number;
    };
    media: "image/png";
  };
  /** The log-spectrogram of a whole scan. */
  "GET /scans/:scan/spectrogram.png": { media: "image/png" };
  /** A scan's speech; takes `Range`. */
  "GET /scans/:scan/speech.wav": { media: "audio/wav" };
}

/** A run's split certificate. */
export interface CertificateRoutes {
  /** What the certificate says, in counts. */
  "GET /": { answer: CertificateAnswer };
}

/** Which windows were let in at which epoch, and why. */
export interface PaceRoutes {
  /** Epochs in order; of very many some, spread evenly. */
  "GET /": { answer: PaceEpochWire[] };
  /** Who was let in of each scan. */
  "GET /:epoch/scans": { answer: PaceScanWire[] };
  /** A page of an epoch's windows, by affinity. */
  "GET /:epoch/windows": {
    query: {
      /** 1 for windows that were let in, 0 for those held back; both without. */
      admitted?: "0" | "1";
      /** Windows of this scan alone. */
      scan?: string;
      /** Which affinities come first. @default low */
      order?: "low" | "high";
      /** How many to leave out. @asType integer @minimum 0 @default 0 */
      offset?: number;
      /** The most windows. @asType integer @minimum 1 @maximum 5000 @default 12 */
      limit?: number;
    };
    answer: PaceWindowsPage;
  };
}

/** What people who listened say of the windows' speech. */
export interface MarkRoutes {
  /** The marks of the run's dataset, by window. */
  "GET /": { answer: MarkWire[] };
  /** The marks as a table. */
  "GET /marks.csv": { media: "text/csv" };
  /** Marks a window, or takes its mark back. */
  "PUT /:window": { body: MarkChange; answer: MarkWire | null };
}

/** The embeddings of an evaluation in the plane. */
export interface MapRoutes {
  /** The windows on the map. */
  "GET /": { answer: EmbeddingMapWire };
  /** Lays the windows out: lines that tell how far it is, at last the places. */
  "GET /places": {
    query: {
      /** How embeddings get into the plane. @default pca */
      method?: MapMethod;
    };
    media: "application/x-ndjson";
    data: MapPlacesLine;
  };
}

/** Where is searched; empty texts are the server's choice. */
export interface FindPlaceQuery {
  /** The dataset's key; the run's own dataset by default. */
  dataset?: string;
  /** Embeddings of which modality are looked through. @default video */
  among?: ModalityWire | "";
  /** By which checkpoint they are embedded. @default best */
  checkpoint?: "best" | "newest" | "";
}

/** What is searched for, and with what. */
export interface FindQuery extends FindPlaceQuery {
  /** What is asked with: JSON by words and by a window, the file itself by sound and by picture. @default text */
  by?: "text" | "sound" | "picture" | "window";
  /** Windows of this split alone. */
  split?: "train" | "validation" | "test" | "";
  /** The most windows to find. @asType integer @minimum 1 @maximum 100 @default 12 */
  top?: number;
  /** A name that is made up for this question, with which it can be given up: letters, digits and dashes. */
  question?: string;
}

/** Speech looks for pictures, and pictures for speech. Whoever may look may search. */
export interface FindRoutes {
  /** What can be searched. */
  "GET /": { answer: FindWire };
  /** Searches; a session has one question at a time. */
  "POST /": {
    role: "viewer";
    query: FindQuery;
    body: FindQuestion;
    file: true;
    answer: FindAnswer;
  };
  /** Gives a question of this session up, if it is still being answered. */
  "DELETE /": {
    role: "viewer";
    query: {
      /** The name that it was asked with. */
      question?: string;
    };
  };
  /** How far the windows are embedded. */
  "GET /embedding": { query: FindPlaceQuery; answer: FindIndexWire };
  /** Embeds the windows, once for a checkpoint and a dataset. */
  "POST /embedding": { role: "viewer"; query: FindPlaceQuery; answer: FindIndexWire; status: 202 };
  /** Stops to embed windows. */
  "DELETE /embedding": { role: "viewer"; query: FindPlaceQuery; answer: FindIndexWire };
}

/** Reports of comparisons, and the newest evaluations of runs. */
export interface ResultsRoutes {
  /** All of them. */
  "GET /": { answer: ResultsAnswer };
  /** A report in full, but for its maps. */
  "GET /:report": { answer: ReportDetailWire };
  /** Test pictures with where people looked, and where each row says they do. */
  "GET /:report/saliency": { answer: SaliencyExampleWire[] };
  /** A page of the windows behind a cell of a row's confusion matrix, those first that most seeds answered so. */
  "GET /:report/windows": {
    query: {
      /** The row. */
      row: string;
      /** The true class, by index. @asType integer @minimum 0 @default 0 */
      truth?: number;
      /** The class that was answered, by index. @asType integer @minimum 0 @default 0 */
      answer?: number;
      /** How many to leave out. @asType integer @minimum 0 @default 0 */
      offset?: number;
      /** The most windows. @asType integer @minimum 1 @maximum 200 @default 12 */
      limit?: number;
    };
    answer: AnsweredWindowsPage;
  };
  /** A report as a page. */
  "GET /:report/report.html": { media: "text/html" };
}

/** Starting, stopping, continuing and evaluating runs, for operators, where `serve --allow-control` says so. */
export interface ControlRoutes {
  /** What may be started, and what is being done. */
  "GET /": { role: "operator"; answer: ControlWire };
  /** What is being done, or was done last. */
  "GET /job": { role: "operator"; answer: JobWire | null };
  /** How to start another run like one. */
  "GET /settings": {
    role: "operator";
    query: {
      /** The run that it shall be like. */
      run: string;
    };
    answer: SettingsOfRun;
  };
  /** What was done, newest first. */
  "GET /log": {
    role: "operator";
    query: {
      /** The most entries. @asType integer @minimum 1 @maximum 500 @default 50 */
      limit?: number;
    };
    answer: ControlLogEntry[];
  };
  /** Says what keeps a run from being started. */
  "POST /check": { body: StartRequest; answer: StartProblem[] };
  /** Starts a run. */
  "POST /start": { body: StartRequest & Confirmed; answer: JobWire; status: 202; refusal: StartProblem[] };
  /** Continues a run. */
  "POST /continue": { body: RunRequest & Confirmed; answer: JobWire; status: 202 };
  /** Evaluates a run. */
  "POST /evaluate": { body: EvaluateRequest & Confirmed; answer: JobWire; status: 202 };
  /** Stops a run. */
  "POST /stop": { body: RunRequest & Confirmed; answer: JobWire; status: 202 };
}
