import { afterAll, beforeAll } from 'vitest';
import type { Reply } from '../support/client.js';
import { type Service, startService } from '../support/service.js';
import { claimsOf } from '../support/tokens.js';

/** Seconds of the replay window, as by default. */
export const WINDOW = 30;

/** An answer to a refresh at contract A. */
export interface Refreshed {
  readonly status: number;
  readonly refresh: string;
  readonly access: string;
  readonly reply: Reply;
}

/** Two replicas over one store, and the calls that the tests of rotation make. */
export class Replicas {
  one!: Service;
  other!: Service;

  refresh = async (token: string, at = this.one): Promise<Refreshed> => {
    const reply = await at.client.post('/auth/token/refresh', { refresh: token });
    return { status: reply.status, refresh: reply.body.refresh as string, access: reply.body.access as string, reply };
  };
  refreshB = (refresh_token: string) => this.one.client.post('/user/login/refresh', { refresh_token });
  getUser = (access: string) => this.one.client.get('/auth/getuser', access);
  challengeOf = async (access: string) => (await this.getUser(access)).headers.get('www-authenticate');

  /** Starts a third replica with other settings. */
  startWith(env: Record<string, string>): Promise<Service> {
    return startService({ store: this.one.store, clock: this.one.clock, env });
  }
}

/** Starts two replicas for the tests of a file. */
export function replicasOfFile(): Replicas {
  const replicas = new Replicas();
  beforeAll(async () => {
    replicas.one = await startService();
    replicas.other = await startService({ store: replicas.one.store, clock: replicas.one.clock });
  });
  afterAll(async () => {
    await replicas.other.stop();
    await replicas.one.stop();
  });
  return replicas;
}

/** Returns the session that a token belongs to. */
export function sessionOf(token: string): string {
  return claimsOf(token).sid;
}
