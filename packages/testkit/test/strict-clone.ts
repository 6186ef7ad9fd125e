import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Listening, listen } from './listen.js';

type Fields = Record<string, string>;
type Reply = [status: number, body?: object];

const REQUIRED = ['this field is required'];
const NOT_VALID = { detail: 'token is invalid or expired', code: 'token_not_valid' };
const refusal = (reason: string) => ({ status: 'BAD REQUEST', reason });

/** Does what the pages of the contracts print, and nothing more: no rules, rotation or expiry. */
class StrictClone {
  private readonly passwords = new Map<string, string>();
  private readonly usernames = new Map<string, string>();
  private readonly refreshTokens = new Map<string, string>();
  private readonly accessTokens = new Map<string, string>();

  readonly routes: Record<string, (fields: Fields, bearer: string) => Reply> = {
    'POST /auth/token': ({ username = '', password = '' }) => {
      if (!username && !password) return [400, { username: REQUIRED, password: REQUIRED }];
      if (!this.knows(username, password))
        return [401, { detail: 'No active account found with the given credentials' }];
      return [200, this.open(username)];
    },
    'POST /auth/token/refresh': ({ refresh }) => {
      if (!refresh) return [400, { refresh: REQUIRED }];
      const username = this.refreshTokens.get(refresh);
      return username === undefined ? [401, NOT_VALID] : [200, this.open(username)];
    },
    'POST /auth/register': ({ username = '', password = '' }) => {
      if (!username && !password) return [400, { username: REQUIRED, password: REQUIRED }];
      if (this.usernames.has(username)) return [409, { detail: 'User already exists' }];
      this.add(username, password, username);
      return [201, this.open(username)];
    },
    'GET /auth/getuser': (_, bearer) => {
      const username = this.accessTokens.get(bearer);
      return username === undefined ? [401] : [200, { username }];
    },
    'POST /user/login': ({ username = '', password = '' }) => {
      if (!this.knows(username, password)) return [401, refusal('wrong')];
      return [201, this.openAtB(username)];
    },
    'POST /user/login/refresh': ({ refresh_token = '' }) => {
      const username = this.refreshTokens.get(refresh_token);
      if (username === undefined) return [401, refusal('invalid')];
      return [201, { access_token: this.open(username).access }];
    },
    'DELETE /user/login': () => [204],
    'POST /user/signup': ({ username = '', email = '', password = '' }) => {
      if (this.usernames.has(username) || this.usernames.has(email)) return [409, refusal('taken')];
      this.add(username, password, username, email);
      return [201, this.openAtB(username)];
    },
  };

  private add(username: string, password: string, ...names: string[]): void {
    for (const name of names) this.usernames.set(name, username);
    this.passwords.set(username, password);
  }

  private knows(name: string, password: string): boolean {
    const username = this.usernames.get(name);
    return username !== undefined && this.passwords.get(username) === password;
  }

  private open(username: string): { refresh: string; access: string } {
    const tokens = { refresh: randomUUID(), access: randomUUID() };
    this.refreshTokens.set(tokens.refresh, username);
    this.accessTokens.set(tokens.access, username);
    return tokens;
  }

  private openAtB(username: string): object {
    const { access, refresh } = this.open(username);
    return { access_token: access, refresh_token: refresh };
  }
}

/** Starts a server that was made from the pages alone. */
export function startStrictClone(): Promise<Listening> {
  const { routes } = new StrictClone();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const bearer = (request.headers.authorization ?? '').replace('Bearer ', '');
    const route = routes[`${request.method} ${request.url}`];
    const fields = await fieldsOf(request);
    const [status, body] = fields === undefined ? [400] : (route?.(fields, bearer) ?? [404]);
    response.writeHead(status, body && { 'Content-Type': 'application/json' });
    response.end(body && JSON.stringify(body));
  };
  return listen(createServer((request, response) => void answer(request, response)));
}

/** Returns undefined for a body that is not JSON. */
async function fieldsOf(request: IncomingMessage): Promise<Fields | undefined> {
  const text = Buffer.concat(await request.toArray()).toString();
  try {
    return text === '' ? {} : (JSON.parse(text) as Fields);
  } catch {
    return undefined;
  }
}
