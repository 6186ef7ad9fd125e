import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { it } from 'vitest';

it('finds no stale page in docs/reference', async () => {
  const script = fileURLToPath(new URL('../scripts/docs.js', import.meta.url));
  await promisify(execFile)(process.execPath, [script, '--check']);
}, 60_000);
