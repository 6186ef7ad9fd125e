import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { newName, PASSWORD } from '../support/accounts.js';
import type { Client, Reply } from '../support/client.js';

/** Pause between two requests of one client, so that the load leaves CPU time for the service. */
const PAUSE_MS = 20;

export const WORK = ['register', 'login', 'refresh', 'renew', 'verify', 'logout'] as const;
export type Work = (typeof WORK)[number];

/** The answer to one request. */
interface Answer {
  readonly work: Work;
  readonly status: number;
  readonly ms: number;
}

/** A session as its client knows it. The newest refresh token comes first. */
interface Session {
  access: string;
  readonly refresh: string[];
  /** `unknown`: a logout was requested, but its outcome is not known. */
  end?: 'acknowledged' | 'unknown';
}

/** An account as its owner knows it. `unknown` until an answer says whether the account exists. */
interface Account {
  readonly username: string;
  state: 'unknown' | 'made';
  readonly sessions: Session[];
}

/**
 * Runs clients of both contracts. The clients record each acknowledged request, check later answers
 * against the record, and verify all of it at the end. A 503 with `Retry-After` may stand for a
 * request that was applied or for one that was not. The {@link Client} checks the form of answers.
 */
export class Ledger {
  readonly answers: Answer[] = [];
  /** Answers that contradict earlier answers. */
  readonly violations: string[] = [];
  private readonly accounts: Account[] = [];
  private running: Promise<unknown> | undefined;
  /** How many clients run at the same time. */
  clients = 0;
  private stopping = false;

  /**
   * @param client the client to send requests with; can be replaced, for instance after a restart
   * @param mayBreak whether connections may break because the service is killed; counts like a 503
   */
  constructor(
    public client: Client,
    private readonly mayBreak = false,
  ) {}

  /** Starts a mixed load with the given number of clients. */
  begin(clients = 8): void {
    this.stopping = false;
    this.clients = clients;
    const one = async (number: number) => {
      for (let turn = number; !this.stopping; turn++) {
        await this.step(turn);
        await sleep(PAUSE_MS);
      }
    };
    this.running = Promise.all(Array.from({ length: clients }, (_, number) => one(number)));
  }

  /** Lets each client finish its current request, and stops. */
  async end(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** Returns the answers that followed the first `count` answers. */
  since(count: number): readonly Answer[] {
    return this.answers.slice(count);
  }

  /** Waits until each of the given kinds of requests was served, or refused, at least once more. */
  async eachWas(status: 'served' | 'refused', works: readonly Work[] = WORK): Promise<void> {
    const from = this.answers.length;
    const seen = () =>
      new Set(
        this.since(from)
          .filter((answer) => (answer.status === 503) === (status === 'refused'))
          .map(({ work }) => work),
      );
    while (!works.every((work) => seen().has(work))) await sleep(PAUSE_MS);
  }

  /** The longest time that a client waited for an answer, in milliseconds. */
  get longest(): number {
    return Math.max(0, ...this.answers.map(({ ms }) => ms));
  }

  /**
   * Checks everything that was acknowledged: each owner can log in, each live session verifies,
   * refreshes and refuses a replay, and each ended session stays ended.
   */
  async settle(): Promise<void> {
    const from = this.answers.length;
    await Promise.all(this.accounts.map((account) => this.settleAccount(account)));
    expect(this.violations).toEqual([]);
    // A 503 or a broken connection would leave something unchecked.
    expect(this.since(from).filter(({ status }) => status === 503 || status === 0)).toEqual([]);
    expect(this.accounts.filter(({ state }) => state === 'made').length).toBeGreaterThan(0);
  }

  private async step(turn: number): Promise<void> {
    const work = WORK[turn % WORK.length]!;
    if (work === 'register') return this.register(turn);
    const account = pick(this.accounts);
    if (!account) return;
    if (work === 'login') return this.login(account, turn);
    const session = pick(account.sessions);
    if (!session) return;
    // One request at a time for each session, since the order of concurrent answers is not known.
    account.sessions.splice(account.sessions.indexOf(session), 1);
    await this[work](session);
    account.sessions.push(session);
  }

  private async register(turn: number): Promise<void> {
    const username = newName();
    const account: Account = { username, state: 'unknown', sessions: [] };
    const reply = await this.ask('register', () => this.registration(username, turn));
    if (reply) {
      this.check(reply.status === 201, 'a new name is refused', reply);
      account.state = 'made';
      account.sessions.push(sessionOf(reply));
    }
    this.accounts.push(account);
  }

  private registration(username: string, turn: number): Promise<Reply> {
    if (turn % 2) return this.client.post('/auth/register', { username, password: PASSWORD });
    const names = { username, email: `${username}@example.com`, first_name: '', last_name: '' };
    return this.client.post('/user/signup', { ...names, password: PASSWORD });
  }

  private async login(account: Account, turn: number): Promise<void> {
    // A sign-up without an answer may be carried out between the login and its answer.
    const { username, state } = account;
    const path = turn % 2 ? '/auth/token' : '/user/login';
    const reply = await this.ask('login', () => this.client.post(path, { username, password: PASSWORD }));
    if (!reply) return;
    if (reply.status < 300) {
      account.state = 'made';
      account.sessions.push(sessionOf(reply));
    } else this.check(state === 'unknown' && reply.status === 401, 'an account is lost', reply);
  }

  private async refresh(session: Session): Promise<void> {
    const [refresh] = session.refresh;
    const reply = await this.ask('refresh', () => this.client.post('/auth/token/refresh', { refresh }));
    if (!reply || !this.checkAlive(session, reply)) return;
    const tokens = reply.body as { access: string; refresh: string };
    session.access = tokens.access;
    session.refresh.unshift(tokens.refresh);
  }

  private async renew(session: Session): Promise<void> {
    const [refresh_token] = session.refresh;
    const reply = await this.ask('renew', () => this.client.post('/user/login/refresh', { refresh_token }));
    if (reply && this.checkAlive(session, reply))
      session.access = (reply.body as { access_token: string }).access_token;
  }

  private async verify(session: Session): Promise<void> {
    const reply = await this.ask('verify', () => this.client.post('/auth/token/verify', { token: session.access }));
    if (reply) this.checkAlive(session, reply);
  }

  private async logout(session: Session): Promise<void> {
    const [refresh_token] = session.refresh;
    const tokens = { access_token: session.access, refresh_token };
    const reply = await this.ask('logout', () => this.client.delete('/user/login', tokens));
    if (reply) this.check(reply.status === 204, 'a logout is refused', reply);
    session.end = reply ? 'acknowledged' : (session.end ?? 'unknown');
  }

  /**
   * Checks that a session without a requested logout is alive and that an ended session is not.
   * @returns whether the answer was that of a live session
   */
  private checkAlive(session: Session, reply: Reply): boolean {
    if (session.end === undefined) this.check(reply.status < 300, 'a live session is refused', reply);
    if (session.end === 'acknowledged') this.check(reply.status === 401, 'a session is alive after its logout', reply);
    return reply.status < 300;
  }

  private async settleAccount(account: Account): Promise<void> {
    const { username, sessions } = account;
    const again = await this.registration(username, 1);
    if (account.state === 'made') this.check(again.status === 409, 'the name of an account is free', again);
    else this.check([201, 409].includes(again.status), 'a name is neither free nor taken', again);
    account.state = 'made';
    await this.login(account, 0);
    for (const session of sessions) {
      await this.verify(session);
      await this.refresh(session);
      if (session.end === undefined) await this.settleSession(session);
    }
  }

  private async settleSession(session: Session): Promise<void> {
    await this.refresh(session);
    await this.refresh(session);
    const grandparent = await this.client.post('/auth/token/refresh', { refresh: session.refresh[2] });
    this.check(grandparent.status === 401, 'a replay is served', grandparent);
    session.end = 'acknowledged';
    await this.verify(session);
    await this.refresh(session);
  }

  /** Sends a request and records the answer. @returns undefined if the outcome is unknown */
  private async ask(work: Work, request: () => Promise<Reply>): Promise<Reply | undefined> {
    const startedAt = performance.now();
    const reply = await request().catch((error: unknown) => {
      if (!this.mayBreak || (error as Error).name === 'AssertionError')
        this.violations.push(`${work}: ${String(error)}`);
      return undefined;
    });
    this.answers.push({ work, status: reply?.status ?? 0, ms: performance.now() - startedAt });
    if (reply?.status !== 503) return reply;
    this.check(Number(reply.headers.get('retry-after')) > 0, 'no Retry-After', reply);
    return undefined;
  }

  private check(holds: boolean, violation: string, { status, text }: Reply): void {
    if (!holds) this.violations.push(`${violation}: ${status} ${text.slice(0, 80)}`);
  }
}

/** Reads the tokens from an answer of either contract. */
function sessionOf({ body }: Reply): Session {
  const tokens = body as Record<string, string>;
  return {
    access: tokens['access'] ?? tokens['access_token'] ?? '',
    refresh: [tokens['refresh'] ?? tokens['refresh_token'] ?? ''],
  };
}

function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(Math.random() * items.length)];
}
