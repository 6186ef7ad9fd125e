import { expect, it } from 'vitest';
import { startLatchkey } from '../src/index.js';

it('documents the control plane even if the document is the first thing that a client asks for', async () => {
  await using kit = await startLatchkey();
  const { paths } = (await (await fetch(`${kit.url}/openapi.json`)).json()) as { paths: object };

  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/auth/token', '/_test/v1/reset', '/_test/v1/tokens']));
});
