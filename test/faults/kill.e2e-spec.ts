import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenAPIObject } from '@nestjs/swagger';
import Libsql from 'libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client } from '../support/client.js';
import { ServiceProcess } from '../support/process.js';
import { newStore, type Store } from '../support/store.js';
import { Ledger } from './ledger.js';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 5);
/** Longer than a round, so that a retry after a lost answer does not count as a replay. */
const ENV = { REFRESH_REPLAY_WINDOW: '300' };

let store: Store;
let service: ServiceProcess;
beforeAll(async () => {
  store = await newStore();
});
afterAll(async () => {
  service.kill('SIGKILL');
  await service.exited;
  await store.dispose();
});

let document: OpenAPIObject | undefined;
const start = async () => {
  service = new ServiceProcess({ ...store.env, ...ENV, SWAGGER: document ? 'off' : 'on' });
  const url = await service.ready();
  document ??= (await (await fetch(`${url}/openapi.json`)).json()) as OpenAPIObject;
  return new Client(url, document);
};

const expectIntegrity = () => {
  const file = new Libsql(join(store.env['DATA_DIR']!, 'latchkey.sqlite'), { readonly: true });
  expect(file.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
  file.close();
};

it(
  `The service loses nothing acknowledged when it is killed with -9 at ${ROUNDS} random moments`,
  { timeout: ROUNDS * 30_000 },
  async () => {
    let client = await start();
    for (let round = 0; round < ROUNDS; round++) {
      const ledger = new Ledger(client, true);
      ledger.begin();
      const moment = 20 + Math.random() * 100;
      while (ledger.answers.length < moment) await sleep(Math.random() * 10);
      service.kill('SIGKILL');
      await service.exited;
      await ledger.end();
      ledger.client = client = await start();
      await ledger.settle();
      if (!store.isMySql) expectIntegrity();
    }
  },
);
