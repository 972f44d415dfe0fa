/** All files below a folder. */
export function* walk(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(new URL(`${name}/`, folder));
    else yield new URL(name, folder);
  }
}
