import { decodeJwt } from 'jose';
import { PASSWORD } from '../support/accounts.js';
import type { Operation } from './history.js';

/** A session, with the tokens that its client holds. */
export interface Held {
  readonly session: string;
  readonly access: string;
  readonly refresh: string;
}

interface Reply {
  readonly status: number | undefined;
  readonly held?: Held;
}

/** Longer than any answer takes. */
const TIMEOUT_MS = 20_000;

/** Sends requests, and records each request and its answer. */
export class Recorder {
  readonly history: Operation[] = [];

  async signUp(url: string, name: string): Promise<Reply> {
    const reply = await this.post(`${url}/auth/register`, { username: name, password: PASSWORD });
    this.history.push({ kind: 'sign-up', name, ...reply.answered });
    return reply;
  }

  async login(url: string, name: string): Promise<Reply> {
    const reply = await this.post(`${url}/auth/token`, { username: name, password: PASSWORD });
    this.history.push({ kind: 'login', name, ...reply.answered });
    return reply;
  }

  async refresh(url: string, { session, refresh }: Held): Promise<Reply> {
    const reply = await this.post(`${url}/auth/token/refresh`, { refresh });
    this.history.push({ kind: 'refresh', session, presented: refresh, issued: reply.held?.refresh, ...reply.answered });
    return reply;
  }

  async logout(url: string, { session, access, refresh }: Held): Promise<Reply> {
    const reply = await this.send('DELETE', `${url}/user/login`, { access_token: access, refresh_token: refresh });
    this.history.push({ kind: 'logout', session, ...reply.answered });
    return reply;
  }

  /** Presents an access token, as bearer or to the route that verifies tokens. */
  async use(url: string, { session, access }: Held, route: 'getuser' | 'verify' = 'getuser'): Promise<Reply> {
    const reply =
      route === 'getuser'
        ? await this.send('GET', `${url}/auth/getuser`, undefined, access)
        : await this.post(`${url}/auth/token/verify`, { token: access });
    this.history.push({ kind: 'use', session, ...reply.answered });
    return reply;
  }

  /** Returns how many operations of a kind were acknowledged. */
  acknowledged(kind: Operation['kind']): number {
    return this.history.filter((operation) => operation.kind === kind && (operation.status ?? 500) < 300).length;
  }

  private post(url: string, json: object) {
    return this.send('POST', url, json);
  }

  private async send(method: string, url: string, json?: object, bearer?: string) {
    const start = performance.now();
    const { status, body, retryAfter } = await fetch(url, {
      method,
      headers: {
        ...(json && { 'content-type': 'application/json' }),
        ...(bearer && { authorization: `Bearer ${bearer}` }),
      },
      ...(json && { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).then(
      async (response) => ({
        status: response.status,
        body: await response.text(),
        retryAfter: Number(response.headers.get('retry-after')) > 0,
      }),
      () => ({ status: undefined, body: '', retryAfter: false }),
    );
    const answered = { start, end: performance.now(), status, retryAfter };
    return { status, answered, ...heldIn(body) };
  }
}

function heldIn(body: string): { held?: Held } {
  if (!body.startsWith('{"')) return {};
  const { access, refresh } = JSON.parse(body) as Partial<Held>;
  if (access === undefined || refresh === undefined) return {};
  return { held: { access, refresh, session: String(decodeJwt(refresh)['sid']) } };
}
