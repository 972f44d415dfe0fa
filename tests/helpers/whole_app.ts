/** The server's application with something to answer for every route of the contract. */

import type { AppOptions } from "../../routes/app.ts";
import { Control } from "../../routes/control.ts";
import { keyOf } from "../../routes/dataset_library.ts";
import type { Documented } from "./api_answers.ts";
import { type Bench, withApp } from "./app_bench.ts";
import { fakeProgram } from "./fake_program.ts";
import { fakeAnsweredReport } from "./fake_report.ts";
import { fakeDataset, type FakeRun } from "./fake_run.ts";
import { fakeSearch } from "./fake_search.ts";

function controlOf(run: FakeRun): Control {
  const data = `${run.runsDirectory}/../data`;
  for (const path of [run.datasetPath, `${data}/fetal`]) {
    Deno.mkdirSync(path, { recursive: true });
    Deno.writeTextFileSync(`${path}/dataset.json`, "{}");
  }
  return new Control({
    launch: fakeProgram().launch,
    runsDirectory: run.runsDirectory,
    data: [data],
    datasetsOfRuns: [run.datasetPath],
    datasetIdOf: () => "d",
  });
}

/** An application in which every route has something to answer with. */
export async function withAll(
  test: (bench: Bench, fill: (path: string) => string) => Promise<void>,
  options: Pick<AppOptions, "access"> = {},
): Promise<void> {
  await withApp(async (bench) => {
    const { report, answers } = fakeAnsweredReport();
    const folder = `${bench.run.runsDirectory}/first`;
    await Deno.mkdir(folder);
    await Deno.writeTextFile(`${folder}/report.json`, JSON.stringify(report));
    await Deno.writeTextFile(`${folder}/answers.json`, JSON.stringify(answers));
    const dataset = keyOf(bench.run.datasetPath);
    const named: Record<string, string> = {
      ...{ run: "r1", dataset, evaluation: "validation-240", scan: "scan4" },
      ...{ window: "4003", epoch: "11", report: "first" },
    };
    await test(bench, (path) => "/api" + path.replaceAll(/\{(\w+)\}/g, (_, name: string) => named[name]));
  }, {
    control: controlOf,
    mayWrite: true,
    searchEngine: fakeSearch(),
    openDataset: () => ({ ...fakeDataset(), id: "fake dataset" }),
    ...options,
  });
}

const required: Record<string, string> = { run: "r1", row: "paper" };

/** The address of a route, with the queries that it must have. */
export function addressOf({ path, operation }: Documented, fill: (path: string) => string): string {
  const needed = operation.parameters.filter((one) => one.in === "query" && one.required);
  const query = new URLSearchParams(needed.map(({ name }): [string, string] => [name, required[name]]));
  return `${fill(path)}${needed.length > 0 ? `?${query}` : ""}`;
}
