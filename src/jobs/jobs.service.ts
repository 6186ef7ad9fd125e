import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type Job, MINUTE } from './job.js';
import { LeasesService } from './leases.service.js';

/** How many batches of a job one run does. The next run continues. */
const BATCHES = 50;
/** The pause between two batches, in which requests are served. */
const PAUSE_MS = 50;
/**
 * How long the service waits for jobs when it stops. A silent database must not keep the process
 * alive.
 */
const STOP_MS = 1_000;

/**
 * Runs the jobs of all features, once the service is ready. A failed job does not stop the others.
 */
@Injectable()
export class JobsService implements OnApplicationShutdown {
  private readonly logger = new Logger(JobsService.name);
  private readonly jobs: Job[] = [];
  private readonly lastWork: (() => Promise<unknown>)[] = [];
  private readonly timers: NodeJS.Timeout[] = [];
  /** The runs under way, by period. */
  private readonly running = new Map<number, Promise<void>>();

  constructor(private readonly leases: LeasesService) {}

  /** Adds a job. To be called before {@link start}, by the constructor of a provider. */
  register(job: Job): void {
    this.jobs.push(job);
  }

  /** Adds work to be done once when the service stops, before the store is closed. */
  beforeShutdown(work: () => Promise<unknown>): void {
    this.lastWork.push(work);
  }

  /** Starts the timers. To be called once the store is ready. */
  start(): void {
    for (const period of new Set(this.jobs.map(periodOf)))
      this.timers.push(setInterval(() => void this.run(period), period * 1000).unref());
  }

  /**
   * Runs the jobs of a period, unless they are running: first the jobs of all replicas together,
   * then the jobs of one replica in turn. So replicas write what they hold in memory before
   * anything is removed from the store.
   */
  run(period = MINUTE): Promise<void> {
    const running = this.running.get(period) ?? this.runAll(period).finally(() => this.running.delete(period));
    this.running.set(period, running);
    return running;
  }

  async onApplicationShutdown(): Promise<void> {
    this.timers.forEach(clearInterval);
    await Promise.race([this.finish(), sleep(STOP_MS, undefined, { ref: false })]);
  }

  private async runAll(period: number): Promise<void> {
    const jobs = this.jobs.filter((job) => periodOf(job) === period);
    await Promise.all(jobs.filter(({ replicas }) => replicas === 'all').map((job) => this.attempt(job)));
    for (const job of jobs.filter(({ replicas }) => replicas === 'one')) await this.attempt(job);
  }

  /** Runs a job if this replica is to run it. Never rejects. */
  private async attempt(job: Job): Promise<void> {
    try {
      if (job.replicas === 'one' && !(await this.leases.take(job.name, periodOf(job)))) return;
      for (let batch = 0; batch < BATCHES && (await job.run()) === true; batch++) await sleep(PAUSE_MS);
    } catch (error) {
      this.logger.warn({ event: 'upkeep_failed', job: job.name, err: error });
    }
  }

  private async finish(): Promise<void> {
    await Promise.all(this.running.values());
    await Promise.allSettled(this.lastWork.map((work) => work()));
  }
}

function periodOf({ period = MINUTE }: Job): number {
  return period;
}
