import assert from "node:assert/strict";
import { decodePicture } from "../../../lib/media/picture.ts";
import { ffmpeg, withFolder } from "./make_media.ts";

/** Left half of grey level 40, right half of 200, 8 × 4 pixels. */
const halves = ["-f", "lavfi", "-i", "color=c=0x282828:s=8x4,format=gray,geq=lum='if(lt(X,4),40,200)'"];

Deno.test("decodePicture() reads pictures of every kind at any size", () =>
  withFolder(async (folder) => {
    for (const kind of ["png", "bmp", "tiff", "jpg"]) {
      const path = `${folder}/picture,%d.${kind}`;
      await ffmpeg(...halves, "-frames:v", "1", "-q:v", "1", "-update", "1", `file:${path}`);
      const levels = await decodePicture(path, [2, 4]);
      assert.equal(levels.length, 8);
      const expected = [40, 40, 200, 200, 40, 40, 200, 200];
      expected.forEach((level, i) => assert.ok(Math.abs(levels[i] - level) <= 3, `${kind}: ${levels}`));
    }
  }));

Deno.test("decodePicture() goes by a file's bytes, not by its name", () =>
  withFolder(async (folder) => {
    await ffmpeg(...halves, "-frames:v", "1", "-update", "1", `file:${folder}/a.png`);
    await Deno.rename(`${folder}/a.png`, `${folder}/a.jpg`);
    assert.equal((await decodePicture(`${folder}/a.jpg`, [4, 8])).length, 32);
  }));

Deno.test("decodePicture() refuses what is no picture, or only its beginning, without its folder's name", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a.png`, "#EXTM3U\nfile:///etc/passwd\n");
    await ffmpeg(...halves, "-frames:v", "1", "-update", "1", `file:${folder}/b.png`);
    await Deno.writeFile(`${folder}/b.png`, (await Deno.readFile(`${folder}/b.png`)).subarray(0, 40));
    for (
      const [name, must] of [["a.png", /one of PNG, JPEG/], ["b.png", /whole picture/], [
        "c",
        /can be read/,
      ]] as const
    ) {
      await assert.rejects(decodePicture(`${folder}/${name}`, [4, 8]), (error) => {
        assert.ok(error instanceof Error && !error.message.includes(folder));
        assert.match(error.message, must);
        return (error as Error & { code: string }).code === "input";
      });
    }
  }));
