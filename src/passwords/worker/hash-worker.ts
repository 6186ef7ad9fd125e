// The program of the process that hashes, at a low priority and with a thread pool of its own. It
// ends with its parent.
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { type EngineChoice, loadEngine } from './argon2-engine.js';
import { costOf, topUpOf } from './hash-cost.js';
import type { Hello, HashResult, HashTask, Reply, Request } from './hash-task.js';

/**
 * Above the lowest, 19: on a core that other work fills, hashing keeps a thirtieth, so that logins
 * still succeed. Higher shares delayed verify more.
 */
const PRIORITY = 15;

setPriority(PRIORITY);
// On Linux a priority is a thread's, and loading this program has started the threads that hash.
if (process.platform === 'linux')
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), PRIORITY);
process.title = 'latchkey-hash';
// The parent decides when to stop: tasks that it has accepted must still be hashed.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

const engine = await loadEngine(process.argv[2] as EngineChoice);
send({ engine: engine.name });
process.on('message', (request: Request) => {
  void carryOut(request).then(
    (result) => {
      send({ id: request.id, result });
    },
    (error: unknown) => {
      send({ id: request.id, error: (error as Error).message });
    },
  );
});

async function carryOut(task: HashTask): Promise<HashResult> {
  if (task.kind === 'hash') return engine.hash(task.password, task.cost);
  const { password, hash, cost } = task;
  const isRight = await matches(hash, password);
  const topUp = topUpOf(cost, isRight === undefined ? costOf('') : costOf(hash));
  // For a right password too: if it is refused for another reason, the time must not reveal that it
  // was right.
  if (topUp) await engine.hash('', topUp);
  return isRight === true;
}

/**
 * Tells whether a hash is the hash of a password. Returns undefined for a text that is not an
 * argon2 hash, as in imported accounts.
 */
async function matches(hash: string, password: string): Promise<boolean | undefined> {
  try {
    return await engine.verify(hash, password);
  } catch {
    return undefined;
  }
}

function send(message: Hello | Reply): void {
  // The callback takes the error of a parent that has ended meanwhile.
  process.send?.(message, undefined, undefined, () => undefined);
}
