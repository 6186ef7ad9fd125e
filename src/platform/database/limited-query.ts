import type { PoolConnection, QueryOptions } from 'mysql2';
import type { Callback } from './bounded-wait.js';

/** Definitions may take longer than other statements: migrations of large tables. */
const DEFINITION = /^\s*(CREATE|ALTER|DROP)\b/i;

type Query = (text: string | QueryOptions, values: unknown, done: Callback) => void;

/**
 * Replaces `query` of a connection, which TypeORM calls for each statement, so that its wait is
 * bounded and its answer is seen. The options of TypeORM and mysql2 do not do: TypeORM sets one
 * timeout for all statements, definitions included, and mysql2 keeps a connection whose statement
 * timed out, so that the next statement would get its answer.
 * @param bound bounds the wait for an answer, and returns what takes the answer
 */
export function limitQueries(connection: PoolConnection, bound: (done: Callback) => Callback): void {
  const query = connection.query.bind(connection) as Query;
  const limited = (text: string | QueryOptions, ...rest: unknown[]) => {
    // Some callers do not wait for the answer, of a ROLLBACK for instance.
    const done = typeof rest.at(-1) === 'function' ? (rest.pop() as Callback) : () => undefined;
    const isDefinition = DEFINITION.test(typeof text === 'string' ? text : text.sql);
    query(text, rest[0], isDefinition ? done : bound(done));
  };
  connection.query = limited as unknown as PoolConnection['query'];
}
