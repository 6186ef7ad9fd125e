import type { PoolConnection } from 'mysql2';
import { expect, it, vi } from 'vitest';
import type { Callback } from './bounded-wait.js';
import { limitQueries } from './limited-query.js';

/**
 * A connection that answers each statement at once, and a bound that notes what it was asked for.
 */
function limited() {
  const sent: unknown[][] = [];
  const connection = {
    query: (text: unknown, values: unknown, done: Callback) => {
      sent.push([text, values]);
      done(null, 'rows');
    },
  };
  const bounded: Callback[] = [];
  limitQueries(connection as unknown as PoolConnection, (done) => {
    bounded.push(done);
    return done;
  });
  return { connection: connection as unknown as { query: (...rest: unknown[]) => void }, sent, bounded };
}

it.each([
  ['a text', ['SELECT 1']],
  ['a text with values', ['SELECT ?', [1]]],
  ['options', [{ sql: 'SELECT ?' }, [1]]],
])('bounds a statement given as %s', (_, given) => {
  const { connection, sent, bounded } = limited();
  const done = vi.fn();
  connection.query(...given, done);
  expect(sent).toEqual([[given[0], given[1]]]);
  expect(bounded).toEqual([done]);
  expect(done).toHaveBeenCalledExactlyOnceWith(null, 'rows');
});

it('bounds a statement whose caller does not wait for the answer', () => {
  const { connection, sent, bounded } = limited();
  connection.query('ROLLBACK');
  expect([sent, bounded.length]).toEqual([[['ROLLBACK', undefined]], 1]);
});

it.each(['CREATE TABLE a (b int)', ' alter table a add c int', { sql: 'DROP INDEX a ON b' }])(
  'gives the definition %j all the time that it takes',
  (text) => {
    const { connection, bounded } = limited();
    const done = vi.fn();
    connection.query(text, [], done);
    expect(bounded).toEqual([]);
    expect(done).toHaveBeenCalledOnce();
  },
);
