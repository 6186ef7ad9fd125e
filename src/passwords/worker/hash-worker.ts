// The program of the process that hashes: at a low priority, on a thread pool of its own, for as long as its parent lives.
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { type EngineChoice, loadEngine } from './argon2-engine.js';
import { costOf, topUpOf } from './hash-cost.js';
import type { Hello, HashResult, HashTask, Reply, Request } from './hash-task.js';

/** Not the lowest, 19: hashing keeps a thirtieth of a core that others fill, so that logins go on. Higher shares seemed to delay verify more. */
const PRIORITY = 15;

setPriority(PRIORITY);
// There a priority is a thread's, and those that hash were started to load this very program.
if (process.platform === 'linux')
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), PRIORITY);
process.title = 'latchkey-hash';
// Stopping is the parent's decision: what it has taken is still to be hashed.
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
  // Spent for a right password too: a password that is refused for another reason must not tell by time that it was right.
  if (topUp) await engine.hash('', topUp);
  return isRight === true;
}

/** Undefined for a hash that no password fits: an unusable one, or one of another kind, taken over from elsewhere. */
async function matches(hash: string, password: string): Promise<boolean | undefined> {
  try {
    return await engine.verify(hash, password);
  } catch {
    return undefined;
  }
}

function send(message: Hello | Reply): void {
  // Nobody waits for it any more if the parent has ended meanwhile.
  process.send?.(message, undefined, undefined, () => undefined);
}
