import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range from which systems give ports to clients: a server that is started again must find its port free. */
const [FIRST, LAST] = [15_000, 30_000];
/** Where no other process of the run looks. */
let next = FIRST + (process.pid % 1000) * 15;

/** Free ports of the loopback that stay free, as far as that is ours to say. */
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
