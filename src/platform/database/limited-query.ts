import type { PoolConnection, QueryOptions } from 'mysql2';
import type { Callback } from './bounded-wait.js';

/** Definitions have no bound: on a large table they may take minutes. */
const DEFINITION = /^\s*(CREATE|ALTER|DROP)\b/i;

type Query = (text: string | QueryOptions, values: unknown, done: Callback) => void;

/**
 * Bounds the waits of a connection that TypeORM uses, by replacing its `query`. The options of
 * TypeORM and mysql2 are not enough. TypeORM sets one timeout for all statements, definitions
 * included. mysql2 keeps the connection of a statement that timed out, so the next statement would
 * get its answer.
 * @param bound bounds the wait for an answer, and returns the callback that takes the answer
 */
export function limitQueries(connection: PoolConnection, bound: (done: Callback) => Callback): void {
  const query = connection.query.bind(connection) as Query;
  const limited = (text: string | QueryOptions, ...rest: unknown[]) => {
    // Some callers do not wait for the answer, for instance of a ROLLBACK.
    const done = typeof rest.at(-1) === 'function' ? (rest.pop() as Callback) : () => undefined;
    const isDefinition = DEFINITION.test(typeof text === 'string' ? text : text.sql);
    query(text, rest[0], isDefinition ? done : bound(done));
  };
  connection.query = limited as unknown as PoolConnection['query'];
}
