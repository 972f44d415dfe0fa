/**
 * People who look at a run, as a process of its own: streams of its events, and pages that ask for the list of runs.
 *
 * @module
 */

/** Who looks at what. */
export interface Audience {
  /** The dashboard, as `http://127.0.0.1:8000`. */
  url: string;
  run: string;
  /** Streams of events, each a connection. */
  viewers: number;
  /** Pages that ask for the list of runs every three seconds, with the tag of the last answer. */
  pollers: number;
}

/** What the audience got from when it was complete until it left; of one viewer, the least and the most. */
export interface AudienceReport {
  leastEvents: number;
  mostEvents: number;
  /** Events that a viewer missed or got twice. */
  faults: number;
  /** Answers to the lists of runs. */
  lists: number;
}

const pollMilliseconds = 3000;

/** One connection: its events are numbered without gaps. */
class Viewer {
  events = 0;
  faults = 0;
  #last = 0;
  #rest = "";

  /** @param onFirst Hears that the first event has come. */
  async watch(address: string, onFirst: () => void): Promise<never> {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`The stream must open, but the server answered ${response.status}`);
    for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
      const before = this.#last;
      this.#take(text);
      if (before === 0 && this.#last > 0) onFirst();
    }
    throw new Error("The stream must go on, but the server ended it");
  }

  #take(text: string): void {
    const messages = (this.#rest + text).split("\n\n");
    this.#rest = messages.pop()!;
    for (const message of messages) {
      const id = Number(/^id: (\d+)$/m.exec(message)?.[1] ?? 0);
      if (id === 0) continue;
      if (this.#last > 0 && id !== this.#last + 1) this.faults++;
      this.#last = id;
      this.events++;
    }
  }
}

/**
 * Looks on until the standard input ends. Prints `{"isComplete":true}` once every viewer has its first event, and an
 * {@linkcode AudienceReport} at the end. The connections stay open: they end with the process.
 */
export async function lookOn({ url, run, viewers, pollers }: Audience): Promise<void> {
  const api = `${url}/api/runs`;
  const { cursor } = await (await fetch(`${api}/${run}/series`)).json() as { cursor: number };
  const all = Array.from({ length: viewers }, () => new Viewer());
  const firsts = all.map(() => Promise.withResolvers<void>());
  let lists = 0;
  const failing = Promise.all([
    ...all.map((viewer, i) => viewer.watch(`${api}/${run}/events?cursor=${cursor}`, firsts[i].resolve)),
    ...Array.from({ length: pollers }, () => poll(`${api}?metric=`, () => lists++)),
  ]);
  await Promise.race([Promise.all(firsts.map(({ promise }) => promise)), failing]);
  for (const viewer of all) viewer.events = 0;
  lists = 0;
  console.log(JSON.stringify({ isComplete: true }));
  const leaving = Deno.stdin.readable.pipeTo(new WritableStream());
  await Promise.race([leaving, failing]);
  const events = all.map((viewer) => viewer.events);
  const report: AudienceReport = {
    leastEvents: Math.min(...events),
    mostEvents: Math.max(...events),
    faults: all.reduce((sum, viewer) => sum + viewer.faults, 0),
    lists,
  };
  console.log(JSON.stringify(report));
}

async function poll(address: string, onAnswer: () => void): Promise<never> {
  let tag = "";
  for (;;) {
    const response = await fetch(address, { headers: tag === "" ? {} : { "if-none-match": tag } });
    await response.body?.cancel();
    if (!response.ok && response.status !== 304) throw new Error(`The list must come: ${response.status}`);
    tag = response.headers.get("etag") ?? "";
    onAnswer();
    await new Promise((resolve) => setTimeout(resolve, pollMilliseconds));
  }
}
