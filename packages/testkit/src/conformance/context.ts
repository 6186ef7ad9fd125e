import { randomBytes } from 'node:crypto';
import { Answer, shortened } from './answer.js';
import type { RequestParts, Send } from './http.js';

export const PASSWORD = 'correct horse battery staple';

/** The tokens of a session, under their names in contract A. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

/** The fields of contract B's sign-up. A case may put other values in their place. */
export interface SignUpForm {
  readonly username: string;
  readonly email: string;
  readonly password: string;
  readonly first_name: string;
  readonly last_name: string;
}

/** What a case needs: requests, and accounts of its own. */
export class Context {
  constructor(private readonly send: Send) {}

  post(path: string, json?: unknown): Promise<Answer> {
    return this.call('POST', path, { json });
  }

  get(path: string, bearer?: string): Promise<Answer> {
    return this.call('GET', path, bearer === undefined ? {} : { bearer });
  }

  delete(path: string, json?: unknown): Promise<Answer> {
    return this.call('DELETE', path, { json });
  }

  async call(method: string, path: string, request: RequestParts = {}): Promise<Answer> {
    return new Answer(descriptionOf(method, path, request), await this.send(method, path, request));
  }

  /** Returns a username that no other case and no other run uses. */
  newName(): string {
    return `conformance-${randomBytes(6).toString('hex')}`;
  }

  /** Registers an account at contract A. */
  async register(username = this.newName(), password = PASSWORD): Promise<Tokens & { username: string }> {
    const answer = await this.post('/auth/register', { username, password });
    return { username, ...answer.texts(201, 'refresh', 'access') };
  }

  /** Returns a complete sign-up form of contract B with a new name. */
  form(changes: object = {}): SignUpForm {
    const username = this.newName();
    const form = { username, email: `${username}@example.com`, password: PASSWORD, first_name: 'A', last_name: 'B' };
    return { ...form, ...changes };
  }

  /** Signs an account up at contract B. */
  async signUp(): Promise<Tokens & { username: string; email: string }> {
    const { username, email, ...others } = this.form();
    const answer = await this.post('/user/signup', { username, email, ...others });
    const { access_token: access, refresh_token: refresh } = answer.texts(201, 'access_token', 'refresh_token');
    return { username, email, access, refresh };
  }

  /** Logs in at contract A. */
  async logIn(username: string, password = PASSWORD): Promise<Tokens> {
    return (await this.post('/auth/token', { username, password })).texts(200, 'refresh', 'access');
  }

  /** Checks that an access token is accepted, or refused. */
  async assertAccess(access: string, status: 200 | 401): Promise<void> {
    (await this.get('/auth/getuser', access)).hasStatus(status);
  }
}

function descriptionOf(method: string, path: string, { json, form, multipart, raw, headers }: RequestParts): string {
  const body = form ?? (multipart ? [...multipart.entries()] : (raw?.[1] ?? json));
  const parts = [method, path, headers && JSON.stringify(headers), body !== undefined && JSON.stringify(body)];
  return shortened(parts.filter(Boolean).join(' '));
}
