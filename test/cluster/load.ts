import { setTimeout as sleep } from 'node:timers/promises';
import { newName } from '../support/accounts.js';
import type { Held, Recorder } from './recorder.js';

/** Pause before a refused client retries. */
const PAUSE_MS = 100;

/** Runs clients that sign up, use and refresh tokens and log out, on alternating replicas. */
export class Load {
  /** Accounts whose sign-up was acknowledged. */
  readonly names: string[] = [];
  /** The sessions by id, each with the newest tokens of its client. */
  readonly sessions = new Map<string, Held>();
  private isStopping = false;
  private readonly clients: Promise<void>[];
  private turn = 0;

  constructor(
    private readonly recorder: Recorder,
    private readonly urls: readonly string[],
    clients: number,
  ) {
    this.clients = Array.from({ length: clients }, () => this.live());
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all(this.clients);
  }

  /** Waits until the given number of further requests was acknowledged. */
  async acknowledges(more: number): Promise<void> {
    const count = () => this.recorder.history.filter(({ status }) => (status ?? 500) < 300).length;
    for (const goal = count() + more; count() < goal;) await sleep(PAUSE_MS);
  }

  /** Repeats requests for everything acknowledged, so that the history shows what is lost. */
  async audit(): Promise<void> {
    const names = [...this.names];
    const sessions = [...this.sessions.values()];
    const ask = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) await this.recorder.login(this.url(), name);
      for (let held = sessions.pop(); held; held = sessions.pop()) {
        for (const url of this.urls) await this.recorder.use(url, held);
        await this.recorder.refresh(this.url(), held);
      }
    };
    await Promise.all(this.clients.map(ask));
  }

  private async live(): Promise<void> {
    while (!this.isStopping) {
      const name = newName();
      const { status, held } = await this.recorder.signUp(this.url(), name);
      if (status === 201) this.names.push(name);
      if (held) await this.liveOn(held);
      else await sleep(PAUSE_MS);
    }
  }

  /** Runs a session: up to three rounds of two concurrent refreshes, and sometimes a logout. */
  private async liveOn(first: Held): Promise<void> {
    let held = this.hold(first);
    const refreshes = this.turn % 4;
    for (let round = 0; round < refreshes; round++) {
      await this.recorder.use(this.url(), held, round % 2 === 0 ? 'getuser' : 'verify');
      const both = await Promise.all([
        this.recorder.refresh(this.url(), held),
        this.recorder.refresh(this.url(), held),
      ]);
      held = this.hold(both[0].held ?? both[1].held ?? held);
      if (both.some(({ status }) => status !== 200)) await sleep(PAUSE_MS);
    }
    if (refreshes % 2 === 0) return;
    const { status } = await this.recorder.logout(this.url(), held);
    if (status !== 204) await sleep(PAUSE_MS);
    await Promise.all(this.urls.map((url) => this.recorder.use(url, held)));
  }

  private hold(held: Held): Held {
    this.sessions.set(held.session, held);
    return held;
  }

  /** Returns the address of the next replica. */
  private url(): string {
    this.turn += 1;
    return this.urls[this.turn % this.urls.length]!;
  }
}
