/** Work that a feature registers, to be done again and again. */
export interface Job {
  /**
   * Names the job in the log and its lease: the feature, a dot and what is done. At most 64
   * characters.
   */
  readonly name: string;
  /** Seconds from one run to the next; a minute unless given. */
  readonly period?: number;
  /**
   * `all`: every replica runs the job. `one`: a replica runs it that takes its lease, which lasts
   * for the period.
   */
  readonly replicas: 'all' | 'one';
  /**
   * Does the work, or a batch of it: requests are served between two batches.
   * @returns true where there may be more to do
   */
  readonly run: () => Promise<unknown>;
}

/** The period of a job that names none, in seconds. */
export const MINUTE = 60;
