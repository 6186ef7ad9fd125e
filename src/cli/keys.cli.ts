import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { loadConfig } from '../platform/config/config.js';
import { SigningKeysService } from '../keys/signing-keys.service.js';
import { StartupService } from '../startup/startup.service.js';

/** The service waits for its database for as long as it takes; a person does not. */
const PATIENCE_MS = 10_000;

const USAGE = `usage: npm run keys -- list          every signing key, newest first
       npm run keys -- rotate        make the next key now; it signs once everybody can know it
       npm run keys -- retire KID    take a key out of use at once, with every token that it signed`;

/** @returns the exit code */
async function main([command, kid, ...rest]: string[]): Promise<number> {
  const isKnown =
    rest.length === 0 && (command === 'retire' ? kid !== undefined : /^(list|rotate)$/.test(command ?? '') && !kid);
  if (!isKnown) {
    console.error(USAGE);
    return 2;
  }
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(loadConfig()), {
    logger: false,
    abortOnError: false,
  });
  try {
    await Promise.race([
      app.get(StartupService).finished,
      sleep(PATIENCE_MS, undefined, { ref: false }).then(() =>
        Promise.reject(new Error('the database does not answer')),
      ),
    ]);
    const keys = app.get(SigningKeysService);
    if (command === 'rotate') await keys.rotate();
    if (command === 'retire' && kid !== undefined && !(await keys.retire(kid))) {
      console.error(`there is no key ${kid} in use`);
      return 1;
    }
    await list(keys);
    return 0;
  } finally {
    await app.close();
  }
}

async function list(keys: SigningKeysService): Promise<void> {
  const { kid: signing } = await keys.signing();
  const verifying = new Set((await keys.verifying()).map(({ kid }) => kid));
  for (const { kid, activeFrom, retiredAt } of await keys.all()) {
    const state =
      retiredAt !== null ? 'retired' : kid === signing ? 'signing' : verifying.has(kid) ? 'verifying' : 'spent';
    console.log(`${kid}  ${state.padEnd(9)}  signs from ${new Date(activeFrom).toISOString()}`);
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`latchkey: ${(error as Error).message}`);
  return 1;
});
