import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Latchkey } from '../src/index.js';
import { Kit } from '../src/kit.js';
import type { Outbox } from '../src/outbox.js';

const CODE = {
  to: 'alice@example.com',
  kind: 'verify_email',
  code: '123456',
  link: null,
  subject: 'Code',
  text: '123456',
};
let kit: Kit;
let outbox: Outbox;
let latchkey: Latchkey;

beforeAll(async () => {
  kit = await Kit.start({ host: '127.0.0.1', port: 0, settings: {}, seed: [], logLevel: 'silent', hosts: [] });
  ({ outbox } = await kit.tenant(''));
  latchkey = new Latchkey(kit.url);
});
beforeEach(() => latchkey.reset());
afterAll(() => kit.stop());

describe('The outbox', () => {
  it('lists messages with the time at which they were sent, and clears them', async () => {
    outbox.add(CODE);
    const [message] = await latchkey.outbox.list();
    expect(message).toEqual({ ...CODE, sent_at: expect.stringMatching(/^\d{4}-.*Z$/) as string });
    await latchkey.outbox.clear();
    expect(await latchkey.outbox.list()).toEqual([]);
  });

  it('returns a message that was sent before the call, each message once', async () => {
    outbox.add({ ...CODE, code: '1' });
    outbox.add({ ...CODE, code: '2' });
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push((await latchkey.outbox.next({ timeout: 0 }))?.code);

    expect(codes).toEqual(['1', '2', undefined]);
  });

  it('waits for the message that matches', async () => {
    const next = outbox.next({ to: 'BOB@example.com', kind: 'verify_email', timeout: 20 });
    outbox.add(CODE);
    outbox.add({ ...CODE, to: 'bob@example.com', kind: 'reset_password' });
    outbox.add({ ...CODE, to: 'bob@example.com', code: '7' });

    expect(await next).toMatchObject({ to: 'bob@example.com', code: '7' });
  });

  it('gives two waiting callers a message each', async () => {
    const both = [outbox.next({ timeout: 20 }), outbox.next({ timeout: 20 })];
    outbox.add({ ...CODE, code: '1' });
    outbox.add({ ...CODE, code: '2' });

    expect((await Promise.all(both)).map((message) => message?.code)).toEqual(['1', '2']);
  });

  it('gives no message to a caller that has gone', async () => {
    const gone = new AbortController();
    const lost = outbox.next({ timeout: 20, signal: gone.signal });
    gone.abort();
    outbox.add(CODE);

    expect(await lost).toBeUndefined();
    expect(await outbox.next({ timeout: 0 })).toMatchObject(CODE);
  });

  it('ends every wait at a reset', async () => {
    const next = outbox.next({ timeout: 60 });
    await latchkey.reset();

    expect(await next).toBeUndefined();
  });

  it('refuses a timeout that is no number of seconds', async () => {
    expect((await fetch(`${kit.url}/_test/v1/outbox/next?timeout=soon`)).status).toBe(400);
  });
});
