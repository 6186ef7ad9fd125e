import { Selection } from '../platform/database/entity-columns.js';
import { bySize, padded } from '../platform/database/padded.js';
import { retryingRepeatable } from '../platform/database/retrying.js';
import type { Row, Statements, Value } from '../platform/database/statements.service.js';
import { User, USER_STATE, type UserState } from '../users/user.entity.js';
import type { Counter } from './budget.js';
import type { Counters } from './counters.js';
import { CounterRow } from './counter.entity.js';
import { COUNTER } from './mysql-counters.js';

/** A login to look up: the name, the source and the counters. */
export interface Query {
  /** See `nameKey`. */
  readonly name: string;
  readonly isEmail: boolean;
  readonly source: string;
  /** The earliest day of a login that still makes the source known, in days since 1970. */
  readonly oldestDay: number;
  /** Ids of counters, in the order of {@link Found.counters}. */
  readonly counters: readonly [string, string, string];
}

/** The result of a look-up. */
export interface Found {
  readonly query: Query;
  readonly user: UserState | null;
  /** The day of the account's last login from the source, in days since 1970. */
  readonly lastDay: number | undefined;
  /** The counters of {@link Query.counters}, and last that of the account and the source. */
  readonly counters: readonly (Counter | undefined)[];
}

const STATE = new Selection(User, USER_STATE, 'u');
const COUNTERS = ['c0', 'c1', 'c2', 'c3'].map((alias) => ({ alias, state: new Selection(CounterRow, COUNTER, alias) }));

/** Finds the accounts, known sources and counters of logins. */
export class LoginLookup {
  private readonly byUsername: (count: number) => string;
  private readonly byEmail: (count: number) => string;

  /** @param memory the counters, if they are not in the store */
  constructor(
    private readonly statements: Statements,
    private readonly memory?: Counters,
  ) {
    this.byUsername = selection('username_key', !memory);
    this.byEmail = selection('email_key', !memory);
  }

  /**
   * Finds the accounts of several logins, whether the accounts know the sources, and the counters.
   * All of that takes one statement, or two for a batch with both usernames and emails.
   */
  async find(queries: readonly Query[]): Promise<Found[]> {
    const found = new Map<Query, Found>();
    const search = async (isEmail: boolean, sqlOf: (count: number) => string) => {
      const some = queries.filter((query) => query.isEmail === isEmail);
      if (some.length === 0) return;
      const all = padded(some);
      const values = all.flatMap((query) => this.valuesOf(query));
      const rows = await retryingRepeatable(() => this.statements.read(sqlOf(all.length), values));
      for (const row of rows) {
        const query = some[Number(row['n'])];
        if (query) found.set(query, await this.read(row, query));
      }
    };
    await Promise.all([search(false, this.byUsername), search(true, this.byEmail)]);
    return queries.map((query) => found.get(query) ?? { query, user: null, lastDay: undefined, counters: [] });
  }

  private valuesOf({ name, source, oldestDay, counters }: Query): Value[] {
    return [name, source, oldestDay, ...(this.memory ? [] : [...counters, KNOWN, source])];
  }

  private async read(row: Row, query: Query): Promise<Found> {
    const user = row['u_id'] ? STATE.read(row) : null;
    const lastDay = row['last_day'] === null ? undefined : Number(row['last_day']);
    if (!this.memory) {
      const states = COUNTERS.map(({ alias, state }) => (row[`${alias}_used`] === null ? undefined : state.read(row)));
      return { query, user, lastDay, counters: states };
    }
    const ids = [...query.counters, knownId(user?.id ?? '', query.source)];
    const states = await this.memory.read(ids);
    return { query, user, lastDay, counters: ids.map((id) => states.get(id)) };
  }
}

/** Returns the id of the counter of an account and a source that the account knows. */
export function knownId(userId: string, source: string): string {
  return `${KNOWN}${userId} ${source}`;
}

const KNOWN = 'known ';

function selection(key: 'username_key' | 'email_key', hasCounters: boolean): (count: number) => string {
  const columns = [
    STATE.text,
    'k.last_day AS last_day',
    ...(hasCounters ? COUNTERS.map(({ state }) => state.text) : []),
  ];
  const joins = [
    `LEFT JOIN users u ON u.${key} = ?`,
    'LEFT JOIN known_sources k ON k.user_id = u.id AND k.source = ? AND k.last_day >= ?',
    ...(hasCounters ? COUNTERS.slice(0, -1).map(({ alias }) => `LEFT JOIN counters ${alias} ON ${alias}.id = ?`) : []),
    ...(hasCounters ? ["LEFT JOIN counters c3 ON c3.id = CONCAT(?, u.id, ' ', ?)"] : []),
  ];
  return bySize((count) =>
    Array.from(
      { length: count },
      (_, n) => `SELECT ${n} AS n, ${columns.join(', ')} FROM (SELECT 1 AS one) AS one ${joins.join(' ')}`,
    ).join(' UNION ALL '),
  );
}
