import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { freePort } from '../../scripts/database-server.js';
import { findProgram, installDebianPackages } from '../../scripts/debian.js';
import { PASSWORD } from '../support/accounts.js';
import { canSeeProcesses, childrenOf, isAlive, until } from '../support/family.js';
import type { ServiceProcess } from '../support/process.js';
import { processesOfEachTest } from '../support/processes.js';
import { embeddedStore } from '../support/store.js';

const HOST = 'Host: localhost\r\n';

/** Requests that take special paths through Node: upgrades, tunnels, refusals, expectations. */
const TEXTS: readonly string[] = [
  'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n',
  'CONNECT http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\nhello',
  `GET /livez HTTP/1.1\r\n${HOST}\r\nCONNECT localhost:22 HTTP/1.1\r\n${HOST}\r\n`,
  `GET /livez HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05`,
  `GET /docs/swagger-ui-bundle.js HTTP/1.1\r\n${HOST}\r\nCONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`,
  `CONNECT a:1 HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  `TRACE /livez HTTP/1.1\r\n${HOST}\r\n`,
  `POST /auth/token HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`,
  `POST /auth/token HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
];

type Leave = (socket: Socket) => void;
const WAYS: readonly Leave[] = [
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.end(() => socket.resetAndDestroy()),
];

/** Sends a text, and disconnects at once or as soon as the answer begins. */
async function sendAndLeave({ hostname, port }: URL, text: string, leave: Leave, onAnswer: boolean): Promise<void> {
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect').catch(() => undefined);
  if (onAnswer) {
    socket.once('data', () => {
      leave(socket);
    });
    socket.write(text, 'latin1');
  } else
    socket.write(text, 'latin1', () => {
      leave(socket);
    });
  await closed;
}

/** Sends each text, cut after each of its bytes. */
async function attack(url: URL): Promise<void> {
  for (const text of TEXTS) {
    const cuts = Array.from({ length: text.length }, (_, i) => text.slice(0, i + 1));
    for (const leave of WAYS) await Promise.all(cuts.map((cut) => sendAndLeave(url, cut, leave, false)));
  }
  // The client waits for the answer before it disconnects.
  for (let round = 0; round < 5; round++)
    for (const text of TEXTS.slice(0, 6)) for (const leave of WAYS) await sendAndLeave(url, `${text}more`, leave, true);
}

async function expectUnharmed(service: ServiceProcess, url: URL): Promise<void> {
  expect((await fetch(new URL('/livez', url))).status).toBe(200);
  expect(isAlive(service.pid)).toBe(true);
  expect(service.stdout).not.toMatch(/uncaught_error|a worker has ended|"level":"(error|fatal)"/);
  expect(service.stderr).toBe('');
}

describe('Unusual methods, upgrades and resets at each byte', { timeout: 120_000 }, () => {
  const processes = processesOfEachTest();

  it('do not end the process', async () => {
    const service = processes.start({ SWAGGER: 'on' });
    const url = new URL(await service.ready());
    await attack(url);
    await expectUnharmed(service, url);
  });

  // The embedded store allows one worker, and only Linux has /proc.
  it.runIf(inject('mysqlUrl') && canSeeProcesses)('do not end any worker', async () => {
    const service = processes.start({ WORKERS: '2', SWAGGER: 'on' });
    const url = new URL(await service.ready());
    const workers = childrenOf(service.pid);
    await attack(url);
    await expectUnharmed(service, url);
    expect(childrenOf(service.pid)).toEqual(workers);
  });
});

describe('Unusual methods, upgrades and resets through the HAProxy of deploy/', { timeout: 120_000 }, () => {
  const CONFIG = fileURLToPath(new URL('../../deploy/haproxy/haproxy.cfg', import.meta.url));
  const program = findProgram('haproxy') ?? (installDebianPackages('haproxy') ? findProgram('haproxy') : undefined);
  const replicas = [0, 1, 2].map(() => processesOfEachTest(embeddedStore));
  let proxy: ChildProcess | undefined;
  afterEach(() => {
    proxy?.kill('SIGKILL');
  });

  // The machine may have no HAProxy and no network to get it.
  it.runIf(program)('do not end any replica, and CONNECT is refused', async () => {
    const services = replicas.map((each) => each.start());
    const urls = await Promise.all(services.map((service) => service.ready()));
    const [port, nowhere] = [await freePort(), await freePort()];
    const url = new URL(`http://127.0.0.1:${port}`);
    const hosts = urls.map((address, i) => [`REPLICA${i + 1}`, new URL(address).host] as const);
    const nodes = [1, 2, 3].map((i) => [`NODE${i}`, '127.0.0.1:1'] as const);
    proxy = spawn(program!, ['-db', '-q', '-f', CONFIG], {
      env: { ...Object.fromEntries([...hosts, ...nodes]), DATABASE_BIND: `127.0.0.1:${nowhere}`, HTTP_BIND: url.host },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await until(() =>
      fetch(new URL('/readyz', url)).then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    const socket = connect(port, '127.0.0.1', () => socket.end(TEXTS[0]!));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 405 .*\r\nallow: DELETE, GET, HEAD, POST\r\n/is);
    await attack(url);
    for (const [i, service] of services.entries()) await expectUnharmed(service, new URL(urls[i]!));
    expect(services.filter(({ stdout }) => stdout.includes('"reason":"CONNECT"'))).toEqual([]);
  });
});

describe('Clients that pipeline requests', { timeout: 120_000 }, () => {
  const processes = processesOfEachTest();
  const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
  const pipeline = (url: URL, text: string) => {
    const socket = connect(Number(url.port), url.hostname, () => socket.write(text));
    socket.on('error', () => undefined);
    return socket;
  };

  // Only Linux has /proc.
  it.runIf(canSeeProcesses).each(['during the answers', 'at once'])(
    'leave no open files behind when they disconnect %s',
    async (when) => {
      const service = processes.start({ SWAGGER: 'on' });
      const url = new URL(await service.ready());
      await fetch(new URL('/docs/swagger-ui-bundle.js', url)).then((response) => response.text());
      const before = descriptorsOf(service.pid);
      for (let i = 0; i < 20; i++) {
        const text = `GET /docs/swagger-ui-bundle.js HTTP/1.1\r\n${HOST}\r\n`.repeat(20);
        const socket = pipeline(url, text);
        await once(socket, when === 'at once' ? 'connect' : 'data');
        if (when === 'at once') await new Promise((resolve) => setImmediate(resolve));
        socket.resetAndDestroy();
      }
      await until(async () => {
        await fetch(new URL('/livez', url)).then((response) => response.text());
        return descriptorsOf(service.pid) <= before + 2;
      });
    },
  );

  it('do not delay other clients until all of their requests are answered', async () => {
    const service = processes.start();
    const url = new URL(await service.ready());
    const COUNT = 6_000;
    const socket = pipeline(url, `GET /livez HTTP/1.1\r\n${HOST}\r\n`.repeat(COUNT));
    let answered = 0;
    socket.on('data', (chunk: Buffer) => (answered += chunk.toString('latin1').split('HTTP/1.1 200').length - 1));
    let others = 0;
    while (answered < COUNT - 100) {
      await fetch(new URL('/livez', url)).then((response) => response.text());
      others += 1;
    }
    socket.destroy();
    // With all pipelined requests answered in one turn, the other client gets about five answers.
    expect(others).toBeGreaterThan(20);
  });

  it('guess no faster than clients that wait for each answer', async () => {
    const service = processes.start({ RATE_LIMIT: 'on', LOGIN_LIMIT: '1' });
    const url = new URL(await service.ready());
    const body = JSON.stringify({ username: 'nobody', password: PASSWORD });
    const login = `POST /auth/token HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = pipeline(url, login.repeat(30));
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await sleep(4_000);
    socket.destroy();
    // Each refusal is delayed by at least one second.
    const refused = received.match(/HTTP\/1.1 429/g) ?? [];
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThanOrEqual(8);
  });

  it.each(['/auth/token', '/account/password'])('cause no hashes after they disconnect: %s', async (path) => {
    const service = processes.start({ ARGON2_MEMORY_KIB: '19456', ARGON2_TIME_COST: '8', HASH_CONCURRENCY: '1' });
    const url = new URL(await service.ready());
    const post = (to: string, id: string, fields: object, headers = '') => {
      const body = JSON.stringify(fields);
      return `POST ${to} HTTP/1.1\r\n${HOST}${headers}X-Request-Id: ${id}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const signup = await fetch(new URL('/auth/register', url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'owner', password: PASSWORD }),
    });
    const { access } = (await signup.json()) as { access: string };
    const fields = { username: 'nobody', password: PASSWORD, current_password: 'wrong', new_password: PASSWORD };
    const sockets = Array.from({ length: 25 }, (_, i) =>
      pipeline(url, post(path, `gone${i}`, fields, `Authorization: Bearer ${access}\r\n`)),
    );
    await Promise.race(sockets.map((socket) => once(socket, 'data')));
    for (const socket of sockets) socket.resetAndDestroy();
    const stays = pipeline(url, post('/auth/token', 'stays', fields));
    await once(stays, 'data');
    stays.destroy();
    await service.logged(({ event, reqId }) => event === 'login' && reqId === 'stays');
    const failures = service.stdout.match(/"event":"(login|password_change)","outcome":"failure"/g) ?? [];
    expect(failures.length).toBeLessThan(10);
  });
});
