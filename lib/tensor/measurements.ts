/**
 * What is remembered of devices from one process to the next.
 *
 * @module
 */

/** Short measurements by a name that holds adapter and driver, as far as the driver tells. */
export interface DeviceMeasurements {
  /** What was kept, whoever wrote it, or undefined. */
  get(name: string): unknown;
  /** Keeps a value that JSON can hold; a failure to do so is none. */
  set(name: string, value: unknown): Promise<void>;
}
