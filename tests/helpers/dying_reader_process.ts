/**
 * Asks for a batch of a queue whose worker dies instead of reading it, and prints what the queue says: the error's
 * code and message. Arguments: the dataset's folder, a run's settings and a plan as JSON.
 *
 * @module
 */

import { BatchQueue } from "../../lib/data/batch_queue.ts";
import { DatasetReader } from "../../lib/data/dataset_store.ts";
import { SonospeechError } from "../../lib/errors.ts";

// It is this process's own: nothing else sees it.
globalThis.Worker = class extends Worker {
  override postMessage(message: { kind: string }): void {
    if (message.kind === "read") this.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
    else super.postMessage(message);
  }
};

const [path, config, plan] = Deno.args;
const source = DatasetReader.open(path);
const queue = await BatchQueue.open({
  source,
  config: JSON.parse(config),
  needs: { speech: true, negatives: true },
  format: { frames: "u8", speech: "f16" },
  plans: [JSON.parse(plan), JSON.parse(plan)],
});
for (let turn = 0; turn < 2; turn++) {
  const error = await queue.next().catch((error) => error);
  console.log(error instanceof SonospeechError ? `${error.code}: ${error.message}` : String(error));
}
source.close();
queue.close();
