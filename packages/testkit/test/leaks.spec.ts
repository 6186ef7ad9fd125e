import { expect, it } from 'vitest';
import { startLatchkey } from '../src/index.js';

const KITS = 20;

const listeners = () => Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)]));
const openOf = (kind: string) => process.getActiveResourcesInfo().filter((name) => name === kind).length;

async function start() {
  const kit = await startLatchkey();
  expect((await fetch(`${kit.url}/readyz`)).status).toBe(200);
  return kit;
}

it('leaves nothing behind in the process after twenty instances', async () => {
  const servers = openOf('TCPServerWrap');
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  // The first one loads packages that keep listeners of their own.
  await (await start()).stop();
  await expect.poll(() => openOf('TCPServerWrap')).toBe(servers);
  const before = { listeners: listeners(), stderr: process.stderr.listenerCount('error') };

  const kits = await Promise.all(Array.from({ length: KITS }, start));
  expect(new Set(kits.map(({ url }) => url)).size).toBe(KITS);
  expect(openOf('TCPServerWrap')).toBe(servers + KITS);
  for (const kit of kits) await kit.stop();

  expect({ listeners: listeners(), stderr: process.stderr.listenerCount('error') }).toEqual(before);
  await expect.poll(() => openOf('TCPServerWrap')).toBe(servers);
  expect(warnings).toEqual([]);
  process.off('warning', onWarning);
});
