import assert from "node:assert/strict";
import { probeMedia } from "../../../lib/media/probe.ts";
import { surveyMedia } from "../../../lib/media/survey.ts";
import { inputArguments } from "../../../lib/media/tool.ts";
import { UnusableMediaError, type UnusableReason } from "../../../lib/media/unusable.ts";
import { countingPictures, ffmpeg, ticks, withFolder } from "./make_media.ts";

const forReason = (reason: UnusableReason) => (error: unknown) =>
  error instanceof UnusableMediaError && error.reason === reason && !error.message.includes("/tmp");

Deno.test("inputArguments() makes a file that is gone a reason to put its scan aside, not to stop", async () => {
  await assert.rejects(inputArguments("/nowhere/gone.mp4"), forReason("unreadable"));
});

Deno.test("probeMedia() tells streams, sizes as shown and rates; cover art is no video", async () => {
  await withFolder(async (folder) => {
    const [upright, turned] = [`${folder}/upright.mp4`, `${folder}/turned.mp4`];
    await ffmpeg(...countingPictures(1), ...ticks(1), "-c:v", "libx264", "-c:a", "aac", `file:${upright}`);
    await ffmpeg("-i", `file:${upright}`, "-c", "copy", "-metadata:s:v", "rotate=90", `file:${turned}`);
    const { video, audio } = await probeMedia(turned);
    assert.deepEqual([video?.width, video?.height, video?.frameRate, video?.frameCount], [48, 64, 10, 10]);
    assert.deepEqual([audio?.sampleRate, audio?.channels, audio?.codec], [48000, 1, "aac"]);

    const song = `${folder}/song.mp3`;
    await ffmpeg(
      ...ticks(1),
      ...countingPictures(0.1),
      "-map",
      "0",
      "-map",
      "1",
      "-frames:v",
      "1",
      `file:${song}`,
    );
    const probe = await probeMedia(song);
    assert.equal(probe.video, undefined);
    assert.equal(probe.audio?.codec, "mp3");
  });
});

Deno.test("probeMedia() refuses what is no media file, playlists and scripts above all", async () => {
  await withFolder(async (folder) => {
    const contents: Record<string, string> = {
      "text.wav": "RIFF is only a word here\n".repeat(50),
      "empty.mp4": "",
      "list.mp4": "ffconcat version 1.0\nfile /etc/hostname\n",
      "list.mkv": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
      "subtitles.avi": "1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    };
    for (const [name, text] of Object.entries(contents)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      await assert.rejects(probeMedia(`${folder}/${name}`), forReason("not a media file"), name);
    }
    await assert.rejects(probeMedia(`${folder}/absent.mp4`), forReason("not found"));
    await assert.rejects(probeMedia(folder), forReason("not found"));
  });
});

Deno.test("surveyMedia() finds the true extents of streams and refuses a file that was cut off", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/late.mp4`;
    const inputs = [...countingPictures(2), "-itsoffset", "0.5", ...ticks(3)];
    await ffmpeg(...inputs, "-c:v", "mpeg4", "-c:a", "aac", "-movflags", "+faststart", `file:${path}`);
    const { video, audio } = await surveyMedia(path, await probeMedia(path));
    assert.deepEqual([video?.startSeconds, video?.endSeconds, video?.packets], [0, 2, 20]);
    assert.ok(Math.abs(audio!.startSeconds - 0.5) < 0.03 && Math.abs(audio!.endSeconds - 3.5) < 0.05);
    const bytes = await Deno.readFile(path);
    await Deno.writeFile(path, bytes.subarray(0, Math.round(bytes.length * 0.7)));
    await assert.rejects(probeMedia(path).then((probe) => surveyMedia(path, probe)), forReason("truncated"));
  });
});
