/**
 * Starts, continues, stops and evaluates runs with the program itself, and logs who asked for it.
 *
 * @module
 */

import { noAnnotation } from "./annotations.ts";
import { ControlLog } from "./control_log.ts";
import { logLine, Refusal } from "./guard.ts";
import { type JobFacts, type JobOrder, Jobs, type Launch } from "./jobs.ts";
import type { RunLibrary } from "./run_library.ts";
import { isLocked } from "./run_store.ts";
import { differencesFromPreset, startProblems } from "./start_check.ts";
import { type PlacesOptions, TrainingPlaces } from "./training_places.ts";
import type {
  ControlLogEntry,
  EvaluateRequest,
  SettingsOfRun,
  StartProblem,
  StartRequest,
} from "./wire/control.ts";
import type { Role } from "./wire/session.ts";

/** What control works with. */
export interface ControlOptions extends PlacesOptions {
  launch: Launch;
  /** Takes what goes wrong where nobody waits for an answer. */
  log?: (message: string) => void;
  /** Seconds until a process that was asked to end is killed; for tests. */
  stopSeconds?: number;
}

/** What is asked for is logged before it is done; what cannot be logged is not done, but stopping. */
export class Control {
  readonly places: TrainingPlaces;
  readonly log: ControlLog;
  readonly #jobs: Jobs;

  constructor(options: ControlOptions) {
    const { log = () => {} } = options;
    this.places = new TrainingPlaces(options);
    this.log = new ControlLog(options.runsDirectory);
    this.#jobs = new Jobs(options.launch, {
      stopSeconds: options.stopSeconds,
      onEnd: (job) => this.#logEnd(job.run, endText(job)).catch((error) => log(logLine(error))),
    });
  }

  /** What is being done, or was done last. */
  get job(): JobFacts | null {
    return this.#jobs.current;
  }

  /** Starts a new run; nothing is started while there are problems. */
  async start(who: Role, request: StartRequest): Promise<JobFacts | StartProblem[]> {
    this.#jobs.refuseWhenBusy();
    const problems = await startProblems(request, this.places);
    if (problems.length > 0) return problems;
    const { run, dataset, preset, device, settings, skipGates } = request;
    const path = await this.places.dataset(dataset);
    if (path === undefined) throw new Refusal(409, "The dataset is gone.");
    const set = [`preset=${preset}`, ...settings];
    const detail = [`dataset ${dataset}`, ...set, `device ${device}`, ...skipGates ? ["without gates"] : []];
    const words = [
      ...this.#trainWords(path, run, device),
      ...set.flatMap((setting) => ["--set", setting]),
      ...skipGates ? ["--skip-gates"] : [],
    ];
    return await this.#do(who, "start", detail.join(", "), { kind: "train", run, words });
  }

  /** Goes on with a run: the same command on the same kind of device. */
  async continue(who: Role, run: string, runs: RunLibrary): Promise<JobFacts> {
    this.#jobs.refuseWhenBusy();
    if (await isLocked(`${await runs.folder(run)}/lock`)) {
      throw new Refusal(409, "The run is training already.");
    }
    const { dataset, device } = await this.#placeOf(run, runs);
    const words = this.#trainWords(dataset, run, device);
    return await this.#do(who, "continue", `device ${device}`, { kind: "train", run, words });
  }

  /** Scores a run on subjects that it was not trained on. */
  async evaluate(
    who: Role,
    { run, split, checkpoint }: EvaluateRequest,
    runs: RunLibrary,
  ): Promise<JobFacts> {
    this.#jobs.refuseWhenBusy();
    const { dataset, device } = await this.#placeOf(run, runs);
    const choices = ["--split", split, "--checkpoint", checkpoint, "--device", device];
    const words = ["evaluate", this.places.run(run), dataset, ...choices];
    return await this.#do(who, "evaluate", `${split} split, ${checkpoint} checkpoint`, {
      kind: "evaluate",
      run,
      words,
    });
  }

  /** How to start another run like this one. @throws Refusal 503 when its settings cannot be read. */
  async settingsOf(run: string, runs: RunLibrary): Promise<SettingsOfRun> {
    const { config } = await runs.detail(run, noAnnotation);
    if (config.preset === undefined) {
      throw new Refusal(503, "The run's config.json cannot be read: what it was trained with is not known.");
    }
    const { datasetId } = await runs.record(run);
    return {
      ...differencesFromPreset(config),
      device: deviceOf(await runs.device(run)),
      dataset: await this.places.nameOf(datasetId),
    };
  }

  /** Asks what this server does with a run to end, with a checkpoint. @throws Refusal 409 when it does nothing. */
  async stop(who: Role, run: string): Promise<JobFacts> {
    const job = this.#jobs.stop(run);
    // A disk that is full must not keep anybody from stopping.
    await this.log.add({ who, action: "stop", run, detail: job.kind }).catch(() => {});
    return job;
  }

  /** Ends what is being done, with a checkpoint. */
  async close(): Promise<void> {
    await this.#jobs.close();
  }

  #trainWords(dataset: string, run: string, device: string): string[] {
    return ["train", dataset, "--run", this.places.run(run), "--device", device];
  }

  async #placeOf(run: string, runs: RunLibrary): Promise<{ dataset: string; device: string }> {
    const dataset = await this.places.datasetOfRun(await runs.record(run));
    if (dataset === undefined) {
      throw new Refusal(
        409,
        "The run's dataset lies where the server was not told to look; see serve --data.",
      );
    }
    return { dataset, device: deviceOf(await runs.device(run)) };
  }

  async #do(
    who: Role,
    action: ControlLogEntry["action"],
    detail: string,
    order: JobOrder,
  ): Promise<JobFacts> {
    await this.log.add({ who, action, run: order.run, detail });
    try {
      return await this.#jobs.start(order);
    } catch (error) {
      await this.#logEnd(order.run, "could not be started");
      throw error;
    }
  }

  #logEnd(run: string, detail: string): Promise<void> {
    return this.log.add({ who: "server", action: "ended", run, detail });
  }
}

function endText({ kind, exitCode, succeeded, message }: JobFacts): string {
  if (succeeded) return `${kind} done`;
  return `${kind} ended ${exitCode === null ? "by force" : `with exit code ${exitCode}`}: ${message}`;
}

/** The kind of device that a run has computed on, so that it goes on with the same numbers. */
function deviceOf(device: string | null): string {
  if (device === null) return "auto";
  return device === "wasm" || device === "cpu" ? device : "webgpu";
}
