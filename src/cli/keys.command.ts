import type { Command } from 'commander';
import type { SigningKeysService } from '../keys/signing-keys.service.js';

/** Adds `latchkey keys`, the commands for the signing keys. */
export function addKeysCommand(program: Command): void {
  const keys = program.command('keys').description('list, rotate and retire the signing keys');
  keys
    .command('list')
    .description('list every signing key, newest first')
    .action(() => withKeys(list));
  keys
    .command('rotate')
    .description('make the next key now; it signs as soon as every verifier can know it')
    .action(() => withKeys(rotate));
  keys
    .command('retire')
    .description('take a key out of use at once, and with it every token that it signed')
    .argument('<kid>', 'the id of the key, as list shows it')
    .action((kid: string) => withKeys((service) => retire(service, kid)));
}

async function withKeys(work: (keys: SigningKeysService) => Promise<void>): Promise<void> {
  const { withService } = await import('./with-service.js');
  const { SigningKeysService } = await import('../keys/signing-keys.service.js');
  await withService((app) => work(app.get(SigningKeysService)));
}

async function list(keys: SigningKeysService): Promise<void> {
  const { kid: signing } = await keys.findSigning();
  const verifying = new Set((await keys.listVerifying()).map(({ kid }) => kid));
  for (const { kid, activeFrom, retiredAt } of await keys.listAll()) {
    const state = retiredAt !== null ? 'retired' : stateOf(kid, signing, verifying);
    console.log(`${kid}  ${state.padEnd(9)}  signs from ${new Date(activeFrom).toISOString()}`);
  }
}

function stateOf(kid: string, signing: string, verifying: ReadonlySet<string>): string {
  if (kid === signing) return 'signing';
  return verifying.has(kid) ? 'verifying' : 'expired';
}

async function rotate(keys: SigningKeysService): Promise<void> {
  await keys.rotate();
  await list(keys);
}

async function retire(keys: SigningKeysService, kid: string): Promise<void> {
  if (!(await keys.retire(kid))) throw new Error(`there is no key ${kid} in use`);
  await list(keys);
}
