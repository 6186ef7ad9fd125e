/** Work that a feature registers, to be done once a period. */
export interface Job {
  /**
   * The name of the job in the log, and of its lease: the feature, a dot and a verb. At most 64
   * characters.
   */
  readonly name: string;
  /** Seconds from one run to the next; a minute unless given. */
  readonly period?: number;
  /**
   * `all`: every replica runs the job. `one`: the replica that takes the lease of the job runs it.
   * The lease lasts for the period.
   */
  readonly replicas: 'all' | 'one';
  /**
   * Does the work, or a batch of it: requests are served between two batches.
   * @returns true if there may be more to do
   */
  readonly run: () => Promise<unknown>;
}

/** The period of a job that names none, in seconds. */
export const MINUTE = 60;
