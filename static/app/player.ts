/**
 * The page's one loudspeaker: starting a window's speech ends the one before.
 *
 * @module
 */

import { signal } from "@preact/signals";

const audio = new Audio();

/** The address of the sound that plays, if any. */
export const playing = signal<string | null>(null);
/** How far it is, 0 to 1. */
export const playedShare = signal(0);
/** How far it is in seconds. */
export const playedSeconds = signal(0);
/** Why the last sound could not be played. */
export const playProblem = signal<string | null>(null);

audio.addEventListener("ended", stop);

/** Plays a sound, from its start or some seconds after it, or stops it when it plays already. */
export async function toggle(source: string, startSeconds = 0): Promise<void> {
  if (playing.value === source) return stop();
  audio.src = source;
  audio.currentTime = startSeconds;
  playing.value = source;
  playedShare.value = 0;
  playedSeconds.value = startSeconds;
  playProblem.value = null;
  try {
    await audio.play();
    follow(source);
  } catch (error) {
    // Another sound was started before this one could be.
    if (playing.value !== source) return;
    stop();
    playProblem.value = error instanceof Error ? error.message : String(error);
  }
}

/** Goes to another place of the sound that plays. */
export function jump(source: string, seconds: number): void {
  if (playing.value === source) audio.currentTime = seconds;
}

/** Ends the sound. */
export function stop(): void {
  audio.pause();
  playing.value = null;
  playedShare.value = 0;
}

function follow(source: string): void {
  if (playing.value !== source) return;
  playedShare.value = audio.duration > 0 ? audio.currentTime / audio.duration : 0;
  playedSeconds.value = audio.currentTime;
  requestAnimationFrame(() => follow(source));
}
