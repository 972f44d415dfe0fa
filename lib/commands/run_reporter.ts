/**
 * A run's events as lines on the terminal.
 *
 * @module
 */

import { type Progress, ProgressMeter, ProgressPrinter } from "../progress.ts";
import { enoughMemoryLine } from "../tensor/memory_use.ts";
import type { EvaluationEvent, RunEvent, StartedEvent, StepEvent } from "../training/events.ts";
import type { CommandContext } from "./plan.ts";

/** Prints a progress line and a lasting line for whatever a user should be able to read afterwards. */
export class RunReporter {
  readonly #printer: ProgressPrinter;
  #certifying?: ProgressMeter;
  #meter?: ProgressMeter;

  constructor(context: Pick<CommandContext, "stderr" | "isTerminal">) {
    this.#printer = new ProgressPrinter({ write: context.stderr, terminal: context.isTerminal });
  }

  /** Shows a remark. */
  note(text: string): void {
    this.#printer.note(text);
  }

  /** Shows how far the split is certified. */
  certifying(done: number, total: number): void {
    this.#certifying ??= new ProgressMeter("certify the split", "scans", { total });
    this.#printer.show(this.#certifying.update(done));
  }

  /** Shows one event. */
  show(event: RunEvent): void {
    switch (event.kind) {
      case "started":
        this.#meter = new ProgressMeter("train", "steps", { total: event.totalSteps, done: event.step });
        this.#printer.note(event.certificate);
        for (const file of event.brokenCheckpoints) {
          this.#printer.note(`${file} cannot be read: going on from the checkpoint before it`);
        }
        if (event.memory) this.#printer.note(enoughMemoryLine(event.memory));
        return this.#printer.note(startedLine(event));
      case "gate":
        return this.#printer.note(`gate ${event.gate} ${event.outcome}: ${event.message}`);
      case "step":
        return this.#printer.show(this.#progress(event.step), stepText(event));
      case "evaluation":
        return this.#printer.note(evaluationLine(event));
      case "paused":
        return this.#printer.note(
          `paused at step ${event.step} (${event.cause}), step ${event.safeStep} is saved: ${event.message}`,
        );
      case "finished":
        return this.#printer.note(`finished after ${event.step} steps`);
      case "checkpoint":
      case "pace":
    }
  }

  #progress(done: number): Progress {
    this.#meter ??= new ProgressMeter("train", "steps");
    return this.#meter.update(done);
  }
}

function startedLine(event: StartedEvent): string {
  const from = event.step === 0 ? "training" : `going on from step ${event.step} of`;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return `${from} ${event.totalSteps} steps (${event.totalEpochs} epochs) on ${event.device}: ` +
    `${event.parameterCount.toLocaleString("en")} parameters, ${event.trainWindows} windows, ` +
    `${percent(event.voicedShare)} speech, ${percent(event.admittedShare)} of the windows admitted`;
}

function stepText({ metrics, epoch }: StepEvent): string {
  const value = (name: string, label: string) =>
    name in metrics ? `${label} ${metrics[name].toPrecision(3)}` : "";
  return [
    `epoch ${epoch + 1}`,
    value("loss.total", "loss"),
    value("loss.correlation", "cls"),
    value("loss.contrastive", "cont"),
    value("loss.order", "ord"),
    `waits for data ${(100 * metrics.dataStallShare).toFixed(0)} %`,
  ].filter(Boolean).join(" ");
}

function evaluationLine({ epoch, split, metrics, chance }: EvaluationEvent): string {
  const value = (direction: string) => {
    const key = `retrieval.${direction}.recallAt5`;
    return `${(100 * metrics[key]).toFixed(1)} % (chance ${(100 * chance[key]).toFixed(1)} %)`;
  };
  return `epoch ${epoch + 1}, ${split}: R@5 video→speech ${value("videoToSpeech")}, speech→video ` +
    value("speechToVideo");
}
