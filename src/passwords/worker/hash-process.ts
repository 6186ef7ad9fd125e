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
 * glibc: one heap for all threads, in large pages, kept from one hash to the next. A sixth less time a hash of `argon2`.
 * Without effect elsewhere and for `@node-rs/argon2`, which maps its own large pages for each hash.
 */
const MEMORY = { MALLOC_ARENA_MAX: '1', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

/** A small heap, and no threads for compiling and collecting what is next to nothing. */
const NODE_OPTIONS = ['--max-semi-space-size=1', '--v8-pool-size=0'];

/**
 * Starts a program in Linux's class for batches, which does not interrupt others when it wakes. Not in the idle class: there a flood of
 * any requests leaves hashing 0.3 % of a core. In this class it keeps what its priority gives, a thirtieth of a core.
 */
const CHRT = '/usr/bin/chrt';

const RESTART_MS = 200;

interface Job {
  readonly task: HashTask;
  readonly resolve: (result: HashResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Hashes in a process of its own. Inside this one hashes would share the thread pool with name lookups and files, and their threads
 * could not be given a priority below that of everything else.
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

  /** Whether it is there, so that a task takes no longer than its hash. */
  get isUp(): boolean {
    return this.hasReplied;
  }

  /** Carries out a task at once; a process that ends meanwhile is replaced, and the task begun again. */
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
      // A sandbox may forbid the class, and ends the program before it begins.
      if (code) this.hasChrt = false;
      this.logger.error({ event: 'hash_process_ended', reason: code ?? signal });
      this.restart();
    });
    child.on('error', (error) => {
      this.logger.error({ event: 'hash_process_failed', err: error });
      // One that could not be started has no exit.
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
        // For want of memory or processes, say: there may be more later.
        this.logger.error({ event: 'hash_process_failed', err: error });
        this.restart();
      }
    }, RESTART_MS).unref();
  }

  private send(request: Request): void {
    // One that has just ended tells by its exit, and whoever replaces it gets what it was sent.
    if (this.child?.connected) this.child.send(request, () => undefined);
  }

  /** Logs which library hashes: once, since a process that replaces another loads the same. */
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
