/**
 * Reports of comparisons (`reproduce`), found by name beside the runs and in folders that were named.
 *
 * @module
 */

import { basename, join, relative } from "node:path";
import type { PlaneAnswers, ReproductionReport } from "../mod.ts";
import { datasetFolders } from "./dataset_folders.ts";
import type { DatasetLibrary, DatasetSource } from "./dataset_library.ts";
import { Refusal } from "./guard.ts";
import { fits, reportSummary } from "./report_wire.ts";
import type { RunLibrary } from "./run_library.ts";
import { isSafeName } from "./runs_root.ts";
import type { EvaluationOfRun, ReportSummary } from "./wire/results.ts";

const mostBytes = 64 * 1024 * 1024;

/** A folder with a report, and the named one where it was found. */
interface ReportFolder {
  path: string;
  root: string;
}

/** Finds reports, and the windows behind their numbers. */
export class ResultsLibrary {
  readonly #roots: readonly string[];
  readonly #datasets: Pick<DatasetLibrary, "withId">;

  /**
   * @param roots Folders of a comparison each, or of several.
   * @param datasets Opens the datasets of comparisons.
   */
  constructor(roots: readonly string[], datasets: Pick<DatasetLibrary, "withId">) {
    this.#roots = roots;
    this.#datasets = datasets;
  }

  /** All reports, newest first; one that cannot be read, or is none of this version, is left out. */
  async list(): Promise<ReportSummary[]> {
    const summaries: ReportSummary[] = [];
    for (const [name, { path }] of await this.#folders()) {
      try {
        summaries.push(reportSummary(name, await readReport(path)));
      } catch {
        // It is being written, or somebody else's.
      }
    }
    return summaries.sort((a, b) => b.finishedAt.localeCompare(a.finishedAt));
  }

  /** A report. @throws Refusal 404 when none is called so, 503 when it cannot be read. */
  async report(name: string): Promise<ReproductionReport> {
    const { path } = await this.#folder(name);
    try {
      return await readReport(path);
    } catch {
      throw new Refusal(503, "The report cannot be read.");
    }
  }

  /** The answers that a report counts; null where there are none. @throws As {@linkcode ResultsLibrary.report}. */
  async answers(name: string): Promise<PlaneAnswers | null> {
    const [{ path }, report] = [await this.#folder(name), await this.report(name)];
    try {
      const answers = await readJson<PlaneAnswers>(join(path, "answers.json"));
      return answers.formatVersion === 1 && fits(answers, report) ? answers : null;
    } catch {
      return null;
    }
  }

  /**
   * The dataset of a report's windows: in the report's own folder, or one that the server shows anyhow.
   *
   * @throws Refusal 404 where there is none.
   */
  async dataset(name: string): Promise<DatasetSource> {
    const folder = await this.#folder(name);
    const id = await readJson<PlaneAnswers>(join(folder.path, "answers.json")).then(
      ({ datasetId }) => datasetId,
      () => undefined,
    );
    const source = typeof id === "string"
      ? await this.#datasets.withId(id, await datasetsInside(folder))
      : undefined;
    if (!source) throw new Refusal(404, "The dataset of this report is not on this server.");
    return source;
  }

  async #folder(name: string): Promise<ReportFolder> {
    const folder = (await this.#folders()).get(name);
    if (folder === undefined) throw new Refusal(404, "There is no report of this name.");
    return folder;
  }

  /** Folders with a report, by name; of two that are called the same, the first counts. */
  async #folders(): Promise<Map<string, ReportFolder>> {
    const found = new Map<string, ReportFolder>();
    const add = async (path: string, root: string) => {
      const name = basename(path);
      if (isSafeName(name) && !found.has(name) && await isFile(join(path, "report.json"))) {
        found.set(name, { path, root });
      }
    };
    for (const root of this.#roots) {
      await add(root, root);
      for (const folder of await subfolders(root)) await add(folder, root);
    }
    return found;
  }
}

/** Datasets in a report's folder that do not lead out of the folder that was named, as a link might. */
async function datasetsInside({ path, root }: ReportFolder): Promise<string[]> {
  const inside: string[] = [];
  for (const dataset of await datasetFolders([path])) {
    const isInside = await Promise.all([Deno.realPath(root), Deno.realPath(dataset)]).then(
      ([outer, inner]) => !/^\.\.([/\\]|$)/.test(relative(outer, inner)),
      () => false,
    );
    if (isInside) inside.push(dataset);
  }
  return inside;
}

/** The newest evaluation of each run on each split, in the order of the runs' names. */
export async function newestEvaluations(
  runs: RunLibrary,
  names: readonly string[],
): Promise<EvaluationOfRun[]> {
  const found: EvaluationOfRun[] = [];
  for (const run of names) {
    const evaluations = await runs.evaluations(run).catch(() => []);
    const newest = new Map(evaluations.map((evaluation) => [evaluation.split, evaluation]));
    found.push(...[...newest.values()].map((evaluation) => ({ run, ...evaluation })));
  }
  return found.sort((a, b) => a.run.localeCompare(b.run, "en", { numeric: true }));
}

async function readReport(folder: string): Promise<ReproductionReport> {
  const report = await readJson<ReproductionReport>(join(folder, "report.json"));
  if (report?.formatVersion !== 1) throw new Error("it is none of this version");
  return report;
}

async function readJson<T>(path: string): Promise<T> {
  const { size, isSymlink } = await Deno.lstat(path);
  if (isSymlink || size > mostBytes) throw new Error("it is a link, or too long");
  return JSON.parse(await Deno.readTextFile(path)) as T;
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

async function subfolders(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) if (!isFile) paths.push(join(folder, name));
  } catch {
    // It need not exist yet.
  }
  return paths.sort();
}
