import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const root = new URL('../', import.meta.url);

/** The rows name tests under `test/`, or sources by their path from the root. */
const locate = (citation: string) => new URL(citation.startsWith('src/') ? citation : `test/${citation}`, root);

it('finds every test that the ASVS table of docs/explanation/security.md cites', async () => {
  const page = await readFile(new URL('docs/explanation/security.md', root), 'utf8');
  const citations = new Set([...page.matchAll(/`([\w/.-]+spec\.ts)`/g)].map(([, path]) => path!));
  expect(citations.size).toBeGreaterThan(20);
  expect([...citations].filter((citation) => !existsSync(locate(citation)))).toEqual([]);
});
