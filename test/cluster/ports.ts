import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ephemeral range, so that a restarted server finds its port free. */
const [FIRST, LAST] = [15_000, 30_000];
/** The next port to try. Differs between the processes of a run. */
let next = FIRST + (process.pid % 1000) * 15;

/** Returns free ports of the loopback that the system does not give to clients. */
export async function fixedPorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (; ports.length < count; next = next < LAST ? next + 1 : FIRST) if (await isFree(next)) ports.push(next);
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
