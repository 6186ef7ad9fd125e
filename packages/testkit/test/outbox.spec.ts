import { describe, expect, it } from 'vitest';
import { startLatchkey } from '../src/index.js';
import { type Mail, Outbox } from '../src/outbox.js';

const mail = (to: string, kind = 'reset'): Mail => ({ to, kind, subject: 's', text: 't', sent_at: '2030-01-01' });

describe('The outbox', () => {
  it('hands out the oldest mail that matches, once', async () => {
    const outbox = new Outbox();
    outbox.add(mail('a@example.com'));
    outbox.add(mail('b@example.com', 'verify'));
    outbox.add(mail('b@example.com'));

    expect(await outbox.takeNext({ to: 'b@example.com', kind: 'reset' }, 0)).toEqual(mail('b@example.com'));
    expect(await outbox.takeNext({ to: 'b@example.com', kind: 'reset' }, 0)).toBeUndefined();
    expect(outbox.list()).toHaveLength(2);
  });

  it('waits for the next mail that matches', async () => {
    const outbox = new Outbox();
    const next = outbox.takeNext({ to: 'b@example.com' }, 60_000);
    outbox.add(mail('a@example.com'));
    outbox.add(mail('b@example.com'));

    expect(await next).toEqual(mail('b@example.com'));
  });

  it('is empty while the service sends no mail, and waits no longer than asked', async () => {
    await using kit = await startLatchkey();

    expect(await kit.outbox.list()).toEqual([]);
    expect(await kit.outbox.next({ to: 'a@example.com' }, 0)).toBeUndefined();
    await kit.outbox.clear();
  });
});
