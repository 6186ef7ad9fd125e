import { request } from 'node:http';
import { describe, expect, inject, it } from 'vitest';
import { PASSWORD } from './support/accounts.js';
import { canSeeProcesses, childrenOf, until } from './support/family.js';
import type { ServiceProcess } from './support/process.js';
import { processesOfEachTest } from './support/processes.js';

/** Code that fails at SIGUSR2 with an error that nothing catches. */
const FAULTS = {
  'an exception': `setImmediate(() => { throw new Error('not caught'); })`,
  'a rejection': `Promise.reject(new Error('not caught'))`,
  'a series of exceptions': `setInterval(() => { throw new Error('not caught'); }, 1)`,
};
const preloaded = (fault: string) => ({
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => ${fault})`)}`,
});

/** Starts a registration and sends its body later. */
function startRegistration(url: string) {
  const headers = { 'content-type': 'application/json', expect: '100-continue', 'transfer-encoding': 'chunked' };
  const sent = request(`${url}/auth/register`, { method: 'POST', headers });
  const accepted = new Promise((resolve) => sent.once('continue', resolve));
  const status = new Promise<number | undefined>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      resolve(response.resume().statusCode);
    });
  });
  status.catch(() => undefined);
  sent.flushHeaders();
  const finish = () => sent.end(JSON.stringify({ username: 'alice', password: PASSWORD }));
  return { accepted, status, finish };
}

const linesOf = ({ stdout }: ServiceProcess) => stdout.split('\n').filter((line) => line.includes('uncaught_error'));

// Only Linux has /proc.
describe.runIf(canSeeProcesses)('An error that nothing catches', { timeout: 120_000 }, () => {
  const processes = processesOfEachTest();

  it.each(Object.entries(FAULTS))('is logged once, and open requests are answered: %s', async (_, fault) => {
    const service = processes.start(preloaded(fault));
    const url = await service.ready();
    const registration = startRegistration(url);
    await registration.accepted;
    service.kill('SIGUSR2');
    expect(await service.logged(({ event }) => event === 'uncaught_error')).toMatchObject({
      level: 'fatal',
      err: { message: 'not caught' },
    });
    registration.finish();
    expect(await registration.status).toBe(201);
    expect(await service.exited).toBe(1);
    expect(linesOf(service)).toHaveLength(1);
    expect(service.stderr).toBe('');
  });

  // The embedded store allows one worker.
  it.runIf(inject('mysqlUrl'))('ends one worker, which the primary replaces', async () => {
    const service = processes.start({ WORKERS: '2', ...preloaded(FAULTS['an exception']) });
    const url = await service.ready();
    const workers = childrenOf(service.pid);
    process.kill(workers[0]!, 'SIGUSR2');
    expect(await service.logged(({ msg }) => msg === 'a worker has ended')).toMatchObject({ code: 1 });
    await until(() => childrenOf(service.pid).filter((pid) => !workers.includes(pid)).length === 1);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(linesOf(service)).toHaveLength(1);
  });

  // The embedded store allows one worker.
  it.runIf(inject('mysqlUrl'))('drains the workers when it happens in the primary', async () => {
    const service = processes.start({ WORKERS: '2', ...preloaded(FAULTS['an exception']) });
    const registration = startRegistration(await service.ready());
    await registration.accepted;
    service.kill('SIGUSR2');
    await service.logged(({ event }) => event === 'uncaught_error');
    registration.finish();
    expect(await registration.status).toBe(201);
    expect(await service.exited).toBe(1);
  });
});
