/**
 * Lets work that runs side by side speak through one async generator.
 *
 * @module
 */

/** A queue that many write to and one reads until it is ended. */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #events: T[] = [];
  #ended = false;
  #wake: () => void = () => {};

  /** Adds an event. */
  push(event: T): void {
    this.#events.push(event);
    this.#wake();
  }

  /** Lets the reader finish once it has read what is there. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Reads the events in order until the queue is ended. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    while (true) {
      while (this.#events.length > 0) yield this.#events.shift()!;
      if (this.#ended) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
