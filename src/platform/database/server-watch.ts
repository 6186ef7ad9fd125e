/** Silence after which the server is asked whether it is there. */
const SILENCE_MS = 500;
/** The time from one question to the next. */
const ASK_EVERY_MS = 1_000;
/** How long callers wait for the first answer. From then on they are refused at once. */
const VERDICT_MS = 1_000;

/** What a watch does to the connections that it watches over. */
interface Watched {
  /**
   * Drops the connections that are not in use. What kept one statement waiting may have cut them
   * off too.
   */
  readonly dropIdle: () => void;
  /** Replaces all connections. */
  readonly replaceAll: () => void;
  /**
   * Asks the server over a new connection. Resolves to whether it answers in time; a refusal is an
   * answer too.
   */
  readonly ask: () => Promise<boolean>;
}

/**
 * Finds out whether a server is there: a circuit breaker.
 *
 * A server can be silent while its connections stay open: it is frozen, or a firewall has forgotten
 * the connections. So the watch acts when one statement gets no answer and no other statement got
 * any meanwhile. It replaces all connections, and asks the server once a second until the server
 * says anything.
 */
export class ServerWatch {
  private heardAt = Number.NEGATIVE_INFINITY;
  private pendingVerdict: Promise<boolean> | undefined;
  private isStopped = false;

  constructor(private readonly watched: Watched) {}

  /**
   * While the server is in doubt, resolves to whether it answers, within a second at most.
   * Undefined while there is no reason to doubt the server.
   */
  get verdict(): Promise<boolean> | undefined {
    return this.pendingVerdict;
  }

  /** Notes that the server said something. */
  noteAnswer(): void {
    this.heardAt = performance.now();
  }

  /**
   * Notes that the server said nothing to a request in time.
   * @param since when the request was sent, as `performance.now()` has it
   */
  noteSilence(since: number): void {
    if (this.pendingVerdict || performance.now() - since < SILENCE_MS) return;
    this.watched.dropIdle();
    if (this.heardAt < since) this.doubt();
  }

  /** Ends the questions. Callers that wait for a verdict go on. */
  stop(): void {
    this.isStopped = true;
  }

  private doubt(): void {
    this.watched.replaceAll();
    const answer = this.firstAnswer();
    this.pendingVerdict = Promise.race([answer, falseAfter(VERDICT_MS)]);
    void answer.then(() => (this.pendingVerdict = undefined));
  }

  /** Asks once a second, without waiting for the answers to earlier questions. */
  private firstAnswer(): Promise<true> {
    return new Promise((resolve) => {
      const finish = () => {
        clearInterval(timer);
        resolve(true);
      };
      const ask = async () => {
        if (this.isStopped || (await this.watched.ask())) finish();
      };
      const timer = setInterval(() => void ask(), ASK_EVERY_MS).unref();
      void ask();
    });
  }
}

function falseAfter(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(false);
    }, ms).unref();
  });
}
