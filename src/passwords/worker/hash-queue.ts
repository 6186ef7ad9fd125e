import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/config.js';
import { FailureError } from '../../platform/errors/failure.error.js';
import { HashProcess } from './hash-process.js';
import type { HashResult, HashTask } from './hash-task.js';

/** Tasks that wait, at most, for as long as nobody knows how long one takes. */
const CAPACITY = 10_000;
/** Tasks handed over for each thread that hashes: while one is hashed the next is there already. */
const AHEAD = 2;
/** Share of the latest task in the estimate of how long one takes. */
const WEIGHT = 0.1;

interface Waiting {
  readonly start: () => void;
  readonly refuse: (error: FailureError) => void;
}

/**
 * The turns of hashing: `HASH_CONCURRENCY` at a time, first come, first served. Whoever could not be served within
 * `HASH_TIMEOUT` is refused at once, since a login that comes too late is work for nothing.
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
   * @param hungUp whoever asked is gone: a task that still waits is dropped
   * @throws FailureError `unavailable`, at once when the queue is too long, later when the estimate was wrong
   */
  run(task: HashTask, hungUp?: AbortSignal): Promise<HashResult> {
    if (hungUp?.aborted) throw gone();
    this.admit();
    return this.turn(hungUp).then(() => this.carryOut(task));
  }

  /** To be asked before other work is begun for somebody whom {@link run} would refuse. @throws FailureError `unavailable` */
  admit(): void {
    if (this.waiting.size >= CAPACITY || this.waitSeconds > this.config.HASH_TIMEOUT) throw this.overloaded();
  }

  private get waitSeconds(): number {
    return (this.waiting.size * this.duration) / this.places / 1000;
  }

  private turn(hungUp: AbortSignal | undefined): Promise<void> {
    if (this.running < this.places) {
      this.running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(waiting);
        clearTimeout(timer);
        hungUp?.removeEventListener('abort', onHangUp);
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
      const onHangUp = () => {
        waiting.refuse(gone());
      };
      const timer = setTimeout(() => {
        waiting.refuse(this.overloaded());
      }, this.config.HASH_TIMEOUT * 1000);
      hungUp?.addEventListener('abort', onHangUp);
      this.waiting.add(waiting);
    });
  }

  private async carryOut(task: HashTask): Promise<HashResult> {
    const startedAt = performance.now();
    const isTelling = this.process.isUp;
    try {
      return await this.process.run(task);
    } finally {
      if (isTelling) this.learn(performance.now() - startedAt);
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

function gone(): FailureError {
  return new FailureError({ code: 'client_disconnected' });
}
