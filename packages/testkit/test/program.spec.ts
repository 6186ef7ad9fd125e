import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KitProcess } from './support/program.js';

const PASSWORD = 'correct horse battery staple';
let folder: string;
let started: KitProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-testkit-'));
  started = [];
});
afterEach(async () => {
  for (const kit of started) await kit.stop('SIGKILL');
  rmSync(folder, { recursive: true });
});

function start(...args: string[]): KitProcess {
  const kit = new KitProcess(args);
  started.push(kit);
  return kit;
}

function seedFile(...lines: string[]): string {
  const path = join(folder, 'seed.jsonl');
  writeFileSync(path, lines.join('\n'));
  return path;
}

function login(url: string, username: string): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(`${url}/auth/token`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ username, password: PASSWORD }),
  });
}

describe('The program latchkey-testkit', () => {
  it('prints one line of JSON, writes the same to the ready file, and serves its seed', async () => {
    const ready = join(folder, 'ready.json');
    writeFileSync(ready, 'of an earlier run');
    const alice = JSON.stringify({ username: 'alice', password: PASSWORD });
    const bob = JSON.stringify({ username: 'bob', password: PASSWORD, disabled: true });
    const kit = start('--port', '0', '--json', '--ready-file', ready, '--seed', seedFile(alice, '', `${bob}\r`, ''));
    const { url, ...rest } = await kit.announced();

    expect(rest).toEqual({
      control: `${url}/_test/v1`,
      issuer: url,
      jwks_uri: `${url}/.well-known/jwks.json`,
      pid: expect.any(Number) as number,
    });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(readFileSync(ready, 'utf8')).toBe(kit.stdout);
    expect(readdirSync(folder).sort()).toEqual(['ready.json', 'seed.jsonl']);
    expect((await fetch(rest.jwks_uri)).status).toBe(200);
    expect((await fetch(rest.control)).status).toBe(200);
    expect([(await login(url, 'alice')).status, (await login(url, 'bob')).status]).toEqual([200, 401]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with exit code 0 at %s, even while a client is connected',
    async (signal) => {
      const kit = start('--port', '0', '--json');
      const { url } = await kit.announced();
      await fetch(`${url}/readyz`);

      expect(await kit.stop(signal)).toBe(0);
      expect(kit.stderr).toBe('');
    },
  );

  it('uses the settings of the command line', async () => {
    const kit = start('--port=0', '--json', '--setting=ACCESS_TOKEN_TTL=60', '--setting', 'PASSWORD_BLOCKLIST=off');
    const { control } = await kit.announced();

    expect(await (await fetch(`${control}/settings`)).json()).toEqual({
      ACCESS_TOKEN_TTL: '60',
      PASSWORD_BLOCKLIST: 'off',
    });
  });

  it('tells people where it is without --json', async () => {
    const kit = start('--port', '0');
    await expect(kit.announced()).rejects.toThrow(SyntaxError);
    while (!kit.stdout.includes('Ctrl+C')) await once(kit.child.stdout!, 'data');

    expect(kit.stdout).toMatch(/serves at http:\/\/127\.0\.0\.1:\d+\n/);
    expect(kit.stdout).toContain('/docs\n');
    expect(kit.stdout).toContain('/_test/v1\n');
  });

  it.each<[string, string, string]>([
    ['text', 'alice', 'is not JSON'],
    ['an array', '[]', 'must be an object'],
    ['an unknown member', '{"name":"alice"}', 'has the unknown member "name"'],
    ['an inherited member', '{"constructor":"x"}', 'has the unknown member "constructor"'],
    ['a number as a name', '{"username":5}', 'username must be a string'],
    ['an empty name', '{"username":""}', 'does not accept its username'],
    ['a wrong address', '{"username":"carol","email":"carol"}', 'does not accept its email'],
    ['a hash of another kind', '{"password_hash":"pbkdf2_sha256$1$a$b"}', 'must be an argon2 hash'],
    ['two passwords', '{"password":"a","password_hash":"$argon2id$"}', 'both password and password_hash'],
    ['a name twice', '{"username":"ALICE"}', 'has a name of line 1'],
  ])('names the line of a seed file that has %s', async (_, line, problem) => {
    const kit = start('--port', '0', '--seed', seedFile('{"username":"alice"}', '', line));

    expect(await kit.exited).toBe(2);
    expect(kit.stderr).toContain('seed.jsonl: line 3: ');
    expect(kit.stderr).toContain(problem);
    expect(kit.stderr.trim().split('\n')).toHaveLength(1);
  });

  it.each<[string, string[], string]>([
    ['an unknown option', ['--prot', '0'], "unknown option '--prot'"],
    ['an argument', ['4010'], 'too many arguments'],
    ['a port out of range', ['--port', '65536'], 'from 0 to 65535'],
    ['a port in words', ['--port', 'any'], 'from 0 to 65535'],
    ['an unknown setting', ['--setting', 'DATABASE_URL=mysql://x'], 'The names are ACCESS_TOKEN_TTL'],
    ['a setting without a value', ['--setting', 'RATE_LIMIT'], 'NAME=VALUE'],
    ['a setting out of range', ['--port', '0', '--setting', 'ACCESS_TOKEN_TTL=1'], 'ACCESS_TOKEN_TTL: must be'],
    ['an unknown log level', ['--log-level', 'loud'], 'Allowed choices'],
    ['a missing seed file', ['--seed', '/nonexistent/seed.jsonl'], 'cannot be read (ENOENT)'],
  ])('ends with exit code 2 for %s', async (_, args, message) => {
    const kit = start(...args);

    expect(await kit.exited).toBe(2);
    expect(kit.stderr).toContain(message);
    expect(kit.stdout).toBe('');
  });

  it('says in one line that its port is in use, and leaves no ready file', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ready = join(folder, 'ready.json');
    const kit = start('--port', String(port), '--ready-file', ready);

    expect(await kit.exited).toBe(1);
    expect(kit.stderr).toBe(
      `latchkey-testkit: port ${port} is in use; choose another with --port, or 0 for any free port\n`,
    );
    expect(existsSync(ready)).toBe(false);
    server.close();
  });

  it('ends when it cannot write the ready file', async () => {
    const kit = start('--port', '0', '--ready-file', join(folder, 'missing', 'ready.json'));

    expect(await kit.exited).toBe(1);
    expect(kit.stderr).toMatch(/^latchkey-testkit: .*ENOENT.*\n$/);
  });

  it.each([
    ['--help', /^Usage: latchkey-testkit/],
    ['--version', /^\d+\.\d+\.\d+\n$/],
  ])('answers %s', async (option, text) => {
    const kit = start(option);

    expect(await kit.exited).toBe(0);
    expect(kit.stdout).toMatch(text);
  });
});
