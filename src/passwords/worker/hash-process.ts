import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/config.js';
import type { Hello, HashResult, HashTask, Reply, Request } from './hash-task.js';

/** Injection token of the path of the program that hashes. */
export const HASH_WORKER = Symbol('HashWorker');
export const hashWorker = fileURLToPath(new URL('hash-worker.js', import.meta.url));

/**
 * For glibc: one heap for all threads, in large pages, kept from one hash to the next. Saves a
 * sixth of the time of a hash of `argon2`. Has no effect with other C libraries, nor on
 * `@node-rs/argon2`, which maps its own large pages.
 */
const MEMORY = { MALLOC_ARENA_MAX: '1', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/**
 * A small heap, and no threads for compilation and garbage collection, which this program hardly
 * needs.
 */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--v8-pool-size=0'];

/**
 * Starts a program in Linux's batch class, which does not preempt other processes when it wakes. In
 * the idle class, a flood of requests would leave hashing 0.3 % of a core; here its priority gives
 * it a thirtieth.
 */
const CHRT = '/usr/bin/chrt';

const RESTART_MS = 200;

interface Job {
  readonly task: HashTask;
  readonly resolve: (result: HashResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Hashes in a process of its own. In the main process, hashes would share the thread pool with name
 * lookups and files. Their threads could not get a lower priority than all other work.
 */
@Injectable()
export class HashProcess implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(HashProcess.name);
  private readonly jobs = new Map<number, Job>();
  private child: ChildProcess | undefined;
  private isStopped = false;
  private hasReplied = false;
  private engine: string | undefined;
  private hasChrt = existsSync(CHRT);
  private nextId = 0;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(HASH_WORKER) private readonly program: string,
  ) {}

  onModuleInit(): void {
    this.start();
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    this.child?.disconnect();
  }

  /** Tells whether the process has started, so that a task takes no longer than its hash. */
  get isUp(): boolean {
    return this.hasReplied;
  }

  /** The id of the running process, and the tasks that it has not answered. */
  get stats(): { readonly pid: number | undefined; readonly tasks: number } {
    return { pid: this.child?.pid, tasks: this.jobs.size };
  }

  /**
   * Sends a task to the process. If the process ends meanwhile, its replacement begins the task
   * again.
   */
  run(task: HashTask): Promise<HashResult> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.jobs.set(id, { task, resolve, reject });
      this.send({ ...task, id });
    });
  }

  private start(): void {
    const child = fork(this.program, [this.config.HASH_ENGINE], {
      env: { ...MEMORY, UV_THREADPOOL_SIZE: String(this.config.HASH_CONCURRENCY) },
      ...(this.hasChrt
        ? { execPath: CHRT, execArgv: ['--batch', '0', process.execPath, ...NODE_OPTIONS] }
        : { execArgv: NODE_OPTIONS }),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('message', (message: Hello | Reply) => {
      if ('engine' in message) this.announce(message.engine);
      else this.settle(message);
    });
    child.once('exit', (code, signal) => {
      if (this.isStopped) return;
      // A sandbox that forbids the batch class ends the program before it begins.
      if (code) this.hasChrt = false;
      this.logger.error({ event: 'hash_process_ended', reason: code ?? signal });
      this.restart();
    });
    child.on('error', (error) => {
      this.logger.error({ event: 'hash_process_failed', err: error });
      // A process that could not be started emits no exit.
      if (child.pid === undefined) this.restart();
    });
    this.child = child;
    for (const [id, { task }] of this.jobs) this.send({ ...task, id });
  }

  private restart(): void {
    this.child = undefined;
    this.hasReplied = false;
    setTimeout(() => {
      if (this.isStopped) return;
      try {
        this.start();
      } catch (error) {
        // The machine may be out of memory or processes, which may pass.
        this.logger.error({ event: 'hash_process_failed', err: error });
        this.restart();
      }
    }, RESTART_MS).unref();
  }

  private send(request: Request): void {
    // If the process has just exited, its replacement receives all pending jobs.
    if (this.child?.connected) this.child.send(request, () => undefined);
  }

  /** Logs which library hashes. Once: a replacement loads the same library. */
  private announce(engine: string): void {
    if (engine === this.engine) return;
    this.engine = engine;
    this.logger.log({ event: 'hash_engine', engine, msg: `passwords are hashed with ${engine}` });
  }

  private settle(reply: Reply): void {
    this.hasReplied = true;
    const job = this.jobs.get(reply.id);
    this.jobs.delete(reply.id);
    if ('error' in reply) job?.reject(new Error(reply.error));
    else job?.resolve(reply.result);
  }
}
