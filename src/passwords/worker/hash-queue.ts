import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/config.js';
import { FailureError } from '../../platform/errors/failure.error.js';
import { HashProcess } from './hash-process.js';
import type { HashResult, HashTask } from './hash-task.js';

/** The most tasks that wait. Bounds the queue while the duration of a task is unknown. */
const CAPACITY = 10_000;
/** Tasks handed over for each thread, so that a thread never waits for its next task. */
const AHEAD = 2;
/** Weight of the latest task in the estimate of a task's duration. */
const WEIGHT = 0.1;

interface Waiting {
  readonly start: () => void;
  readonly refuse: (error: FailureError) => void;
}

/**
 * Runs hash tasks in turn: `HASH_CONCURRENCY` at a time, first come, first served. Refuses a task
 * at once if it could not be served within `HASH_TIMEOUT`. By then the client would have given up,
 * and the work would be wasted.
 */
@Injectable()
export class HashQueue {
  private readonly waiting = new Set<Waiting>();
  private readonly places: number;
  private running = 0;
  /** Milliseconds of one task, from when it is handed over. */
  private duration = 0;

  constructor(
    private readonly process: HashProcess,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.places = AHEAD * config.HASH_CONCURRENCY;
  }

  /**
   * Runs a task when its turn comes.
   * @param disconnected aborted when the client disconnects; drops the task if it still waits
   * @throws FailureError `unavailable`, at once when the queue is too long, later when the estimate
   * was wrong
   */
  run(task: HashTask, disconnected?: AbortSignal): Promise<HashResult> {
    if (disconnected?.aborted) throw clientDisconnected();
    this.admit();
    return this.waitForTurn(disconnected).then(() => this.carryOut(task));
  }

  /**
   * Refuses early what {@link run} would refuse, before other work is begun.
   * @throws FailureError `unavailable`
   */
  admit(): void {
    if (this.waiting.size >= CAPACITY || this.waitSeconds > this.config.HASH_TIMEOUT) throw this.overloaded();
  }

  /** Tasks that wait, and the estimated duration of one in milliseconds, 0 while unknown. */
  get stats(): { readonly waiting: number; readonly durationMs: number } {
    return { waiting: this.waiting.size, durationMs: this.duration };
  }

  private get waitSeconds(): number {
    return (this.waiting.size * this.duration) / this.places / 1000;
  }

  private waitForTurn(disconnected: AbortSignal | undefined): Promise<void> {
    if (this.running < this.places) {
      this.running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(waiting);
        clearTimeout(timer);
        disconnected?.removeEventListener('abort', onDisconnect);
      };
      const waiting: Waiting = {
        start: () => {
          leave();
          resolve();
        },
        refuse: (error) => {
          leave();
          reject(error);
        },
      };
      const onDisconnect = () => {
        waiting.refuse(clientDisconnected());
      };
      const timer = setTimeout(() => {
        waiting.refuse(this.overloaded());
      }, this.config.HASH_TIMEOUT * 1000);
      disconnected?.addEventListener('abort', onDisconnect);
      this.waiting.add(waiting);
    });
  }

  private async carryOut(task: HashTask): Promise<HashResult> {
    const startedAt = performance.now();
    const isRepresentative = this.process.isUp;
    try {
      return await this.process.run(task);
    } finally {
      if (isRepresentative) this.learn(performance.now() - startedAt);
      this.running -= 1;
      const [next] = this.waiting;
      if (next) {
        this.running += 1;
        next.start();
      }
    }
  }

  private learn(latest: number): void {
    this.duration = this.duration === 0 ? latest : this.duration + WEIGHT * (latest - this.duration);
  }

  private overloaded(): FailureError {
    return new FailureError({ code: 'unavailable', retryAfter: Math.max(1, Math.ceil(this.waitSeconds)) });
  }
}

function clientDisconnected(): FailureError {
  return new FailureError({ code: 'client_disconnected' });
}
