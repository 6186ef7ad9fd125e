import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { generatedPages } from '../scripts/docs/pages.js';

describe('the generated pages of docs/reference', async () => {
  it.each(await generatedPages())('%s says what the code says', async (path, text) => {
    const written = await readFile(new URL(`../${path}`, import.meta.url), 'utf8');
    expect(written, `${path} is stale: run npm run docs`).toBe(text);
  });
});
