import { request } from 'node:http';
import { describe, expect, inject, it } from 'vitest';
import { PASSWORD } from './support/accounts.js';
import { canSeeProcesses, childrenOf, until } from './support/family.js';
import type { ServiceProcess } from './support/process.js';
import { processesOfEachTest } from './support/processes.js';

/** What nothing in the program catches, each at SIGUSR2. */
const FAULTS = {
  'an exception': `setImmediate(() => { throw new Error('not caught'); })`,
  'a rejection': `Promise.reject(new Error('not caught'))`,
  'one after the other': `setInterval(() => { throw new Error('not caught'); }, 1)`,
};
const preloaded = (fault: string) => ({
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => ${fault})`)}`,
});

/** A registration whose body is still to be sent. */
function halfRegistration(url: string) {
  const headers = { 'content-type': 'application/json', expect: '100-continue', 'transfer-encoding': 'chunked' };
  const sent = request(`${url}/auth/register`, { method: 'POST', headers });
  const taken = new Promise((resolve) => sent.once('continue', resolve));
  const status = new Promise<number | undefined>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      resolve(response.resume().statusCode);
    });
  });
  status.catch(() => undefined);
  sent.flushHeaders();
  const finish = () => sent.end(JSON.stringify({ username: 'alice', password: PASSWORD }));
  return { taken, status, finish };
}

const linesOf = ({ stdout }: ServiceProcess) => stdout.split('\n').filter((line) => line.includes('uncaught_error'));

describe.runIf(canSeeProcesses)('an error that nothing catches', { timeout: 120_000 }, () => {
  const processes = processesOfEachTest();

  it.each(Object.entries(FAULTS))('is logged once, and requests under way are answered: %s', async (_, fault) => {
    const service = processes.start(preloaded(fault));
    const url = await service.ready();
    const registration = halfRegistration(url);
    await registration.taken;
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

  it.runIf(inject('mysqlUrl'))('ends one worker, which is replaced', async () => {
    const service = processes.start({ WORKERS: '2', ...preloaded(FAULTS['an exception']) });
    const url = await service.ready();
    const workers = childrenOf(service.pid);
    process.kill(workers[0]!, 'SIGUSR2');
    expect(await service.logged(({ msg }) => msg === 'a worker has ended')).toMatchObject({ code: 1 });
    await until(() => childrenOf(service.pid).filter((pid) => !workers.includes(pid)).length === 1);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(linesOf(service)).toHaveLength(1);
  });

  it.runIf(inject('mysqlUrl'))('of the first process drains the workers', async () => {
    const service = processes.start({ WORKERS: '2', ...preloaded(FAULTS['an exception']) });
    const registration = halfRegistration(await service.ready());
    await registration.taken;
    service.kill('SIGUSR2');
    await service.logged(({ event }) => event === 'uncaught_error');
    registration.finish();
    expect(await registration.status).toBe(201);
    expect(await service.exited).toBe(1);
  });
});
