import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerWatch } from './server-watch.js';

const TIMEOUT_MS = 4_000;

describe('ServerWatch', () => {
  let calls: string[];
  /** Answers the questions asked so far, oldest first. */
  let questions: ((isAnswered: boolean) => void)[];
  let watch: ServerWatch;
  beforeEach(() => {
    vi.useFakeTimers();
    calls = [];
    questions = [];
    watch = new ServerWatch({
      dropIdle: () => calls.push('dropIdle'),
      replaceAll: () => calls.push('replaceAll'),
      ask: () => new Promise((resolve) => questions.push(resolve)),
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets a statement time out, unless the server says something else meanwhile. */
  const timeOut = (meanwhile: () => void = () => undefined) => {
    const since = performance.now();
    vi.advanceTimersByTime(TIMEOUT_MS);
    meanwhile();
    watch.noteSilence(since);
  };
  /** What the verdict is by now. */
  const verdict = async () => {
    await vi.advanceTimersByTimeAsync(0);
    return Promise.race([watch.verdict, Promise.resolve('open')]);
  };

  it('doubts a server that said nothing for as long as a statement waited', async () => {
    expect(watch.verdict).toBeUndefined();
    timeOut();
    expect(calls).toEqual(['dropIdle', 'replaceAll']);
    expect(questions).toHaveLength(1);
    expect(await verdict()).toBe('open');
  });

  it('gives up idle connections alone where another statement was answered meanwhile', () => {
    timeOut(() => {
      watch.noteAnswer();
    });
    expect([calls, questions, watch.verdict]).toEqual([['dropIdle'], [], undefined]);
  });

  it('takes a short wait for no sign', () => {
    const since = performance.now();
    vi.advanceTimersByTime(499);
    watch.noteSilence(since);
    expect([calls, watch.verdict]).toEqual([[], undefined]);
  });

  it('trusts the server again as soon as it answers', async () => {
    timeOut();
    const pending = watch.verdict;
    questions[0]!(true);
    expect(await pending).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect([questions.length, watch.verdict]).toEqual([1, undefined]);
  });

  it('lets callers wait for a second, and then refuses them until the server answers', async () => {
    timeOut();
    await vi.advanceTimersByTimeAsync(999);
    expect(await verdict()).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(await verdict()).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await verdict()).toBe(false);
    questions.at(-1)!(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(watch.verdict).toBeUndefined();
  });

  it('asks once a second, without waiting for the answers before', async () => {
    timeOut();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(questions).toHaveLength(6);
    for (const answer of questions.slice(1)) answer(false);
    questions[0]!(true);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([questions.length, watch.verdict]).toEqual([6, undefined]);
  });

  it('gives connections up once, however many statements time out', () => {
    const since = performance.now();
    vi.advanceTimersByTime(TIMEOUT_MS);
    for (let i = 0; i < 10; i++) watch.noteSilence(since);
    expect([calls, questions.length]).toEqual([['dropIdle', 'replaceAll'], 1]);
  });

  it('doubts the server again when it falls silent again', async () => {
    timeOut();
    questions[0]!(true);
    await vi.advanceTimersByTimeAsync(0);
    watch.noteAnswer();
    await vi.advanceTimersByTimeAsync(1);
    timeOut();
    expect(calls).toEqual(['dropIdle', 'replaceAll', 'dropIdle', 'replaceAll']);
  });

  it('asks no more once it is stopped, and lets its callers go on', async () => {
    timeOut();
    watch.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect([questions.length, watch.verdict]).toEqual([1, undefined]);
  });
});
