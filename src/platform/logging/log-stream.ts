import { constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { Socket } from 'node:net';

interface LogStreamOptions {
  /** How many characters start a write. Fewer characters wait for more lines. */
  readonly batchSize: number;
  /** The most characters of one write, unless one line is longer. */
  readonly maxWrite: number;
  /** How long a line waits for others, in milliseconds. */
  readonly everyMs: number;
  /** The most characters that wait. Further lines are dropped and counted. */
  readonly maxWaiting: number;
  /** Returns the line that replaces dropped lines, with its line end. */
  readonly lossLine: (lost: number) => string;
}

/** When to retry after a slow reader, in milliseconds. */
const READER_RETRY_MS = 10;
/** When to retry after any other error, such as a full disk. */
const FAILED_RETRY_MS = 100;

/** How long the end of the process waits for a slow reader, in milliseconds. */
const EXIT_DEADLINE_MS = 500;

/**
 * Writes lines in batches to a file descriptor, and never blocks the service. While the descriptor
 * accepts nothing, lines wait up to a bound. Later lines are dropped and counted. pino's own
 * destination ends the process at every error but EPIPE, and retries its last write without end.
 */
export class LogStream {
  private readonly fd: number;
  private lines: string[] = [];
  /** Characters in {@link lines}. */
  private waiting = 0;
  /** The rest of the current write. */
  private pending = Buffer.alloc(0);
  private isWriting = false;
  private isFailing = false;
  private isFull = false;
  private lost = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    fd: number,
    private readonly options: LogStreamOptions,
  ) {
    this.fd = nonBlocking(fd);
    process.on('exit', () => {
      this.flushSync();
    });
  }

  /** Queues a line with its line end, or drops the line. */
  write(line: string): void {
    if (this.waiting + line.length > this.options.maxWaiting) this.isFull = true;
    if (this.isFull) {
      this.lost += 1;
      return;
    }
    this.push(line);
    if (this.waiting >= this.options.batchSize && !this.isFailing) this.flush();
    else this.writeIn(this.options.everyMs);
  }

  /** Starts to write the queued lines. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isWriting) return;
    this.takeBatch();
    if (this.pending.length === 0) return;
    this.isWriting = true;
    write(this.fd, this.pending, (error, written) => {
      this.isWriting = false;
      this.isFailing = error !== null;
      if (error) this.writeIn(isReaderSlow(error) ? READER_RETRY_MS : FAILED_RETRY_MS);
      else this.onWritten(written);
    });
  }

  /**
   * Writes the queued lines when the process ends, as far as the descriptor accepts them in time.
   */
  private flushSync(): void {
    // A write that a thread has begun completes by itself.
    if (this.isWriting) this.pending = Buffer.alloc(0);
    if (this.isFull) this.pushLossLine();
    const deadline = performance.now() + EXIT_DEADLINE_MS;
    for (;;) {
      this.takeBatch();
      if (this.pending.length === 0) return;
      try {
        this.pending = this.pending.subarray(writeSync(this.fd, this.pending));
      } catch (error) {
        if (!isReaderSlow(error as Error) || performance.now() > deadline) return;
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

  /** Takes the next lines for a write, unless a write is unfinished. */
  private takeBatch(): void {
    if (this.pending.length > 0) return;
    let count = 0;
    for (let size = 0; count < this.lines.length; count++) {
      size += this.lines[count]?.length ?? 0;
      if (count > 0 && size > this.options.maxWrite) break;
    }
    const text = this.lines.splice(0, count).join('');
    this.waiting -= text.length;
    this.pending = Buffer.from(text);
  }

  private onWritten(bytes: number): void {
    this.pending = this.pending.subarray(bytes);
    if (this.isFull && this.waiting <= this.options.maxWaiting / 2) this.pushLossLine();
    if (this.pending.length > 0 || this.waiting >= this.options.batchSize) this.flush();
    else if (this.waiting > 0) this.writeIn(this.options.everyMs);
  }

  /** Queues a line in place of the lost lines. */
  private pushLossLine(): void {
    this.push(this.options.lossLine(this.lost));
    this.isFull = false;
    this.lost = 0;
  }
}

/** Tells whether the pipe is full, because its reader is slow. */
function isReaderSlow({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN';
}

/**
 * Returns a descriptor of the same pipe or socket that does not block. A write that waits for a
 * stalled reader would hold a thread, and the process could not end. A pipe is opened again, so
 * that the descriptors of other processes keep their mode. A socket cannot be opened again.
 */
function nonBlocking(fd: number): number {
  try {
    const stats = fstatSync(fd);
    // A Socket makes its descriptor non-blocking. Nothing is written through it.
    if (stats.isSocket()) new Socket({ fd, readable: false, writable: true }).unref().on('error', () => undefined);
    if (process.platform !== 'linux' || !stats.isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // The pipe has no reader, or belongs to another user.
    return fd;
  }
}
