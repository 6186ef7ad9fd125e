import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

export interface LogStreamOptions {
  /** Characters that are written together; less waits for more. */
  readonly gathered: number;
  /** Characters of one write, at most, unless one line is longer. */
  readonly maxWrite: number;
  /** How long a line waits for others, in milliseconds. */
  readonly everyMs: number;
  /** Characters that wait, at most; lines beyond are dropped and counted. */
  readonly maxWaiting: number;
}

/** From one attempt to the next, in milliseconds: for a reader that is slow, and for a disk that is full or a reader that has gone. */
const READER_RETRY_MS = 10;
const FAILED_RETRY_MS = 100;

/** How long the end of the process waits for a slow reader, in milliseconds. */
const EXIT_PATIENCE_MS = 500;

/**
 * Writes lines to a file descriptor, many at a time, without ever stopping the service. While the descriptor takes nothing, lines
 * wait up to a bound; later ones are dropped and counted. Not pino's own destination, which ends the process at the first error but
 * EPIPE, and whose last write (`flushSync` of sonic-boom) repeats every error for ever.
 */
export class LogStream {
  private readonly fd: number;
  private lines: string[] = [];
  /** Characters of {@link lines}. */
  private waiting = 0;
  /** What a write has begun with, and has not finished. */
  private begun = Buffer.alloc(0);
  private isWriting = false;
  private isFailing = false;
  private isFull = false;
  private lost = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    fd: number,
    private readonly options: LogStreamOptions,
  ) {
    this.fd = withoutBlocking(fd);
    process.on('exit', () => {
      this.flushSync();
    });
  }

  /** @param line with its line end */
  write(line: string): void {
    if (this.waiting + line.length > this.options.maxWaiting) this.isFull = true;
    if (this.isFull) {
      this.lost += 1;
      return;
    }
    this.push(line);
    if (this.waiting >= this.options.gathered && !this.isFailing) this.flush();
    else this.writeIn(this.options.everyMs);
  }

  /** Begins to write what waits. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isWriting) return;
    this.begin();
    if (this.begun.length === 0) return;
    this.isWriting = true;
    write(this.fd, this.begun, (error, written) => {
      this.isWriting = false;
      this.isFailing = error !== null;
      if (error) this.writeIn(isOfReader(error) ? READER_RETRY_MS : FAILED_RETRY_MS);
      else this.wrote(written);
    });
  }

  /** Writes what waits when the process ends, as far as the descriptor takes it in time. */
  private flushSync(): void {
    // The one under way ends with its thread.
    if (this.isWriting) this.begun = Buffer.alloc(0);
    if (this.isFull) this.pushLossLine();
    const deadline = performance.now() + EXIT_PATIENCE_MS;
    for (;;) {
      this.begin();
      if (this.begun.length === 0) return;
      try {
        this.begun = this.begun.subarray(writeSync(this.fd, this.begun));
      } catch (error) {
        if (!isOfReader(error as Error) || performance.now() > deadline) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READER_RETRY_MS);
      }
    }
  }

  private push(line: string): void {
    this.lines.push(line);
    this.waiting += line.length;
  }

  private writeIn(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.flush();
    }, ms).unref();
  }

  /** Takes the next lines for a write, unless one is not finished. */
  private begin(): void {
    if (this.begun.length > 0) return;
    let count = 0;
    for (let size = 0; count < this.lines.length; count++) {
      size += this.lines[count]?.length ?? 0;
      if (count > 0 && size > this.options.maxWrite) break;
    }
    const text = this.lines.splice(0, count).join('');
    this.waiting -= text.length;
    this.begun = Buffer.from(text);
  }

  private wrote(bytes: number): void {
    this.begun = this.begun.subarray(bytes);
    if (this.isFull && this.waiting <= this.options.maxWaiting / 2) this.pushLossLine();
    if (this.begun.length > 0 || this.waiting >= this.options.gathered) this.flush();
    else if (this.waiting > 0) this.writeIn(this.options.everyMs);
  }

  /** Adds a line with the number of lost lines, in their place. */
  private pushLossLine(): void {
    const event = 'log_lines_lost';
    const line = { level: 'warn', time: new Date().toISOString(), event, lost: this.lost, msg: 'log lines are lost' };
    this.push(`${JSON.stringify(line)}\n`);
    this.isFull = false;
    this.lost = 0;
  }
}

/** The reader of a pipe takes nothing just now. */
function isOfReader({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN';
}

/**
 * Returns a descriptor of the same pipe or socket that does not block. A write that waits for a stalled reader would hold a thread,
 * and the process could not end. A pipe is opened once more, so that other processes keep theirs as it is; a socket cannot be.
 */
function withoutBlocking(fd: number): number {
  try {
    const stats = fstatSync(fd);
    // For what it does to the descriptor; nothing is written through it.
    if (stats.isSocket()) new Socket({ fd, readable: false, writable: true }).unref().on('error', () => undefined);
    if (process.platform !== 'linux' || !stats.isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // It has no reader, or belongs to another user.
    return fd;
  }
}
