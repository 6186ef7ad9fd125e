// The program of the process that hashes: at the lowest priority, on a thread pool of its own, for as long as its parent lives.
import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import argon2 from 'argon2';
import type { HashResult, HashTask, Reply, Request } from './hash-task.js';

setPriority(constants.priority.PRIORITY_LOW);
// There a priority is a thread's, and those that hash were started to load this very program.
if (process.platform === 'linux')
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), constants.priority.PRIORITY_LOW);
process.title = 'latchkey-hash';
// Stopping is the parent's decision: what it has taken is still to be hashed.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (request: Request) => {
  void carryOut(request).then(
    (result) => {
      reply({ id: request.id, result });
    },
    (error: unknown) => {
      reply({ id: request.id, error: (error as Error).message });
    },
  );
});

async function carryOut(task: HashTask): Promise<HashResult> {
  if (task.kind === 'hash') return argon2.hash(task.password, { ...task.cost, type: argon2.argon2id });
  if (await matches(task.hash, task.password)) return true;
  if (task.topUp) await argon2.hash('', { ...task.topUp, type: argon2.argon2id });
  return false;
}

async function matches(hash: string, password: string): Promise<boolean> {
  try {
    return await argon2.verify(hash, password);
  } catch {
    // Not one of ours, for instance an unusable one of an account that was taken over from elsewhere.
    return false;
  }
}

function reply(message: Reply): void {
  // Nobody waits for it any more if the parent has ended meanwhile.
  process.send?.(message, undefined, undefined, () => undefined);
}
