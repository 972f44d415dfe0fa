/**
 * Packs Deno and the program into one file that runs where neither is installed: `./run pack`.
 *
 * The file is a shell script followed by a compressed archive. The script unpacks the archive once, into a folder
 * named after its content, and starts the program from there with the permissions of the command.
 *
 * @module
 */

import project from "../../deno.json" with { type: "json" };
import { bundleApp, emptyFolder, runProgram } from "./app_bundle.ts";
import { writeSums } from "./notices.ts";

const stage = ".cache/pack";
const target = "dist/sonospeech-linux-x64";

/** The packed program's bill of materials, where packing leaves it. */
export const bill = `${stage}/app/sbom.spdx.json`;

/**
 * The script at the head of the packed file.
 *
 * @param digest SHA-256 of the archive, hexadecimal.
 * @param firstLine Number of the archive's first line in the file.
 */
export function header(digest: string, firstLine: number | string): string {
  return `#!/bin/sh
# Sonospeech ${project.version} for Linux on x86-64: this script, then a compressed archive of Deno and the program.
# It unpacks itself once, below SONOSPEECH_HOME or ~/.cache/sonospeech, and runs from there.
set -eu
umask 022
fail() { printf 'Cannot start Sonospeech: %s\\n' "$*" >&2; exit 8; }
if [ -z "\${SONOSPEECH_HOME:-\${XDG_CACHE_HOME:-\${HOME:-}}}" ]; then
  # Services have no home. In a folder that all may write to, somebody else may have come first.
  HOME=\${TMPDIR:-/tmp}/sonospeech-$(id -u)
  mkdir -m 700 "$HOME" 2>/dev/null || { [ -d "$HOME" ] && [ ! -L "$HOME" ] && [ -O "$HOME" ]; } ||
    fail "$HOME must be a folder of yours; name another one in SONOSPEECH_HOME"
fi
base=\${SONOSPEECH_HOME:-\${XDG_CACHE_HOME:-\${HOME:-}/.cache}/sonospeech}
case $base in /*) ;; *) base=$PWD/$base ;; esac
case $0 in /*) self=$0 ;; *) self=$PWD/$0 ;; esac
dir=$base/${digest.slice(0, 16)}
if [ ! -x "$dir/deno" ]; then
  mkdir -p "$base" || fail "a folder to unpack into must be writable; name one in SONOSPEECH_HOME"
  [ "$(tail -n +${firstLine} "$0" | sha256sum)" = "${digest}  -" ] || fail "the file is damaged; get it again"
  find "$base" -maxdepth 1 -name '.unpack.*' -mmin +60 -exec rm -rf {} + 2>/dev/null || true
  new=$(mktemp -d "$base/.unpack.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  { tail -n +${firstLine} "$0" | gzip -dc | tar -xf - -C "$new"; } || fail "no space to unpack in $base"
  chmod 755 "$new"
  # Whoever renames first wins; the others have unpacked the same bytes.
  mv -T "$new" "$dir" 2>/dev/null || [ -x "$dir/deno" ] || fail "$dir is in the way"
  rm -rf "$new"
  trap - EXIT INT TERM
fi
[ -O "$dir" ] || [ "$(id -u)" = 0 ] || fail "$dir must belong to you"
export DENO_DIR="$base/deno" DENO_NO_UPDATE_CHECK=1 XDG_RUNTIME_DIR="\${XDG_RUNTIME_DIR:-/tmp}"
# Its own file is for selftest to look at.
case \${1:-} in selftest) shift && set -- selftest --executable "$self" "$@" ;; esac
options="--quiet --no-config --no-lock --no-remote --no-npm --no-prompt"
flags=$("$dir/deno" run $options --allow-read --allow-env=XDG_CACHE_HOME,HOME "$dir/app/main.js" permissions "$@" </dev/null) || exit
eval "exec \\"\\$dir/deno\\" run $options $flags \\"\\$dir/app/main.js\\" \\"\\$@\\""
`;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** The folder as a compressed archive whose bytes depend on names and contents only. */
async function archive(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = `${folder}.tar`;
  const fixed = [
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mtime=@0",
    "--mode=u=rwX,go=rX",
  ];
  await runProgram("tar", [...fixed, "--format=ustar", "-cf", file, "-C", folder, "app", "deno"]);
  await runProgram("gzip", ["-nf", file]);
  const bytes = await Deno.readFile(`${file}.gz`);
  await Deno.remove(`${file}.gz`);
  return bytes;
}

/** Writes the packed file and returns its path. */
export async function pack(): Promise<string> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(
      `Cannot pack: Deno must be that of x86_64-unknown-linux-gnu, received ${Deno.build.target}`,
    );
  }
  await emptyFolder(stage);
  await bundleApp(`${stage}/app`);
  await Deno.copyFile(Deno.execPath(), `${stage}/deno`);
  await writeSums(`${stage}/app`, [`${stage}/deno`]);
  const payload = await archive(stage);
  const digest = await sha256(payload);
  const lines = header(digest, "N").split("\n").length;
  await Deno.mkdir("dist", { recursive: true });
  const partial = `${target}.partial`;
  await Deno.writeFile(partial, new Blob([header(digest, lines), payload]).stream(), { mode: 0o755 });
  await Deno.rename(partial, target);
  return target;
}

if (import.meta.main) {
  const path = await pack();
  const { size } = await Deno.stat(path);
  console.log(`${path}  ${(size / 1e6).toFixed(1)} MB`);
}
