/**
 * Datasets below the folders that the command line named.
 *
 * @module
 */

import { join } from "node:path";

/** Whether a path is a dataset's. */
export async function isDataset(path: string): Promise<boolean> {
  return await Deno.stat(join(path, "dataset.json")).then((info) => info.isFile, () => false);
}

/** Of each folder that is a dataset its path, of any other the paths of the datasets in it. */
export async function datasetFolders(folders: readonly string[]): Promise<string[]> {
  const paths = new Set<string>();
  for (const folder of folders) {
    if (await isDataset(folder)) paths.add(folder);
    else for (const path of await subfolders(folder)) if (await isDataset(path)) paths.add(path);
  }
  return [...paths];
}

async function subfolders(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) if (!isFile) paths.push(join(folder, name));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return paths.sort();
}
