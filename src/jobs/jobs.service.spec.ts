import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Job } from './job.js';
import { JobsService } from './jobs.service.js';
import type { LeasesService } from './leases.service.js';

vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms)),
}));

describe('JobsService', () => {
  let jobs: JobsService;
  let done: string[];
  let taken: [string, number][];
  let isFree: boolean;
  beforeEach(() => {
    vi.useFakeTimers();
    done = [];
    taken = [];
    isFree = true;
    const leases: Pick<LeasesService, 'take'> = {
      take: async (name, seconds) => {
        taken.push([name, seconds]);
        return isFree;
      },
    };
    jobs = new JobsService(leases as LeasesService);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const add = (name: string, job: Partial<Job> = {}) => {
    jobs.register({
      name,
      replicas: 'all',
      run: async () => {
        done.push(name);
      },
      ...job,
    });
  };

  it('runs each job once a period, a minute unless given', async () => {
    add('slow');
    add('fast', { period: 1 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done).toEqual([]);
    jobs.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(done.filter((name) => name === 'fast')).toHaveLength(60);
    expect(done.filter((name) => name === 'slow')).toHaveLength(1);
  });

  it('runs the jobs of all replicas before those of one, which needs a lease for its period', async () => {
    add('trim', { replicas: 'one' });
    add('write');
    await jobs.run();
    expect(done).toEqual(['write', 'trim']);
    expect(taken).toEqual([['trim', 60]]);
  });

  it('leaves a job to the replica that has its lease', async () => {
    add('trim', { replicas: 'one' });
    isFree = false;
    await jobs.run();
    expect(done).toEqual([]);
  });

  it('runs further batches while there may be more, up to a bound', async () => {
    let left = 3;
    add('few', { run: async () => (done.push('few'), --left > 0) });
    add('endless', { period: 1, run: async () => (done.push('endless'), true) });
    const running = Promise.all([jobs.run(), jobs.run(1)]);
    await vi.advanceTimersByTimeAsync(10_000);
    await running;
    expect(done.filter((name) => name === 'few')).toHaveLength(3);
    expect(done.filter((name) => name === 'endless')).toHaveLength(50);
  });

  it('runs all other jobs where one fails', async () => {
    add('bad', { run: () => Promise.reject(new Error('away')) });
    add('worse', { replicas: 'one', run: () => Promise.reject(new Error('away')) });
    add('good');
    add('better', { replicas: 'one' });
    await jobs.run();
    expect(done).toEqual(['good', 'better']);
  });

  it('starts no run of a period before the last one ended', async () => {
    let finish: () => void = () => undefined;
    add('slow', { run: () => new Promise<void>((resolve) => (finish = resolve)) });
    const first = jobs.run();
    expect(jobs.run()).toBe(first);
    finish();
    await first;
    const second = jobs.run();
    expect(second).not.toBe(first);
    finish();
    await second;
  });

  it('does the last work after the runs under way, and stops waiting for it after a second', async () => {
    let finish: () => void = () => undefined;
    add('slow', { run: () => new Promise<void>((resolve) => (finish = resolve)).then(() => done.push('slow')) });
    jobs.beforeShutdown(() => Promise.reject(new Error('away')));
    jobs.beforeShutdown(async () => done.push('last'));
    void jobs.run();
    const stopped = jobs.onApplicationShutdown();
    finish();
    await stopped;
    expect(done).toEqual(['slow', 'last']);

    jobs.beforeShutdown(() => new Promise(() => undefined));
    const second = jobs.onApplicationShutdown();
    await vi.advanceTimersByTimeAsync(1_000);
    await second;
  });
});
