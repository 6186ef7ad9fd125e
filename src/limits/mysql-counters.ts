import { DAY_MS } from '../platform/clock/durations.js';
import { Selection } from '../platform/database/entity-columns.js';
import { bySize, padded, placesOf } from '../platform/database/padded.js';
import { retrying, retryingRepeatable } from '../platform/database/retrying.js';
import type { Statements } from '../platform/database/statements.service.js';
import { type Counter, counted } from './budget.js';
import { CounterRow } from './counter.entity.js';
import { type CounterMap, Counters, type Take, type Taken } from './counters.js';

/**
 * More doublings than any two delays are apart. Beyond 1,024 the number is out of range, and the
 * servers refuse the statement.
 */
const DOUBLINGS = 32;
/** How many counters one statement removes. */
const TRIMMED = 2_000;

export const COUNTER = ['used', 'endsAt', 'refusals', 'refusalsEndAt'] as const satisfies (keyof Counter)[];
const STATE = new Selection(CounterRow, ['id', ...COUNTER], 'c');

/** Counters in the database, in one row each. */
export class MySqlCounters extends Counters {
  constructor(private readonly statements: Statements) {
    super();
  }

  async read(ids: readonly string[]): Promise<CounterMap> {
    const all = padded(ids);
    const rows = await retryingRepeatable(() => this.statements.read(selection(all.length), all));
    return new Map(
      rows.map((row) => {
        const { id, ...counter } = STATE.read(row);
        return [id, counter];
      }),
    );
  }

  async add(takes: readonly Take[], now: number): Promise<CounterMap> {
    // In the same order everywhere, so that replicas do not deadlock.
    const sorted = takes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    // Padding repeats rows at the end. They count nothing.
    const all = padded(sorted).map((take, i) => (i < sorted.length ? take : { ...take, attempts: 0 }));
    const values = all.flatMap((take) => givenBy(take, now));
    await retrying(() => this.statements.write(addition(all.length), values));
    return this.read(takes.map(({ id }) => id));
  }

  async giveBack(taken: readonly Taken[]): Promise<void> {
    if (taken.length === 0) return;
    const all = padded(taken);
    const values = all.flatMap(({ id, endsAt, budget }) => [id, endsAt, budget.most]);
    await retrying(() => this.statements.write(restitution(all.length), values));
  }

  async trim(now: number): Promise<boolean> {
    return (await retrying(() => this.statements.write(TRIM, [now]))) === TRIMMED;
  }
}

const TRIM = `DELETE FROM counters WHERE expires_at < ? LIMIT ${TRIMMED}`;

const selection = bySize((count) => `SELECT ${STATE.text} FROM counters c WHERE c.id IN ${placesOf(count)}`);

const restitution = bySize(
  (count) => `
    UPDATE counters SET used = used - 1
    WHERE used > 0 AND (${new Array(count).fill('(id = ? AND ends_at = ? AND used <= ?)').join(' OR ')})`,
);

/**
 * Returns the values of a row of {@link addition}: a new counter, and what changes an existing one.
 */
function givenBy({ id, budget, attempts }: Take, now: number): (string | number)[] {
  const { used, endsAt, refusals, refusalsEndAt } = counted(undefined, budget, attempts, now);
  const { most, windowMs, delayMs, maxDelayMs } = budget;
  const beginning = [used, endsAt, refusals, refusalsEndAt, Math.max(endsAt, refusalsEndAt)];
  return [id, ...beginning, now, most, windowMs, delayMs, maxDelayMs];
}

/** The columns of {@link givenBy}. Their names differ from those of the table. */
const NUMBERS = [
  ...['attempts', 'new_end', 'new_refusals', 'new_refusals_end', 'new_expiry'],
  ...['present', 'most', 'window_ms', 'delay_ms', 'max_delay_ms'],
];
const GIVEN = `SELECT ? AS given_id, ${NUMBERS.map((name) => `CAST(? AS SIGNED) AS ${name}`).join(', ')}`;

const BEFORE = 'IF(ends_at <= present, 0, used)';
const GOES_BEYOND = `delay_ms > 0 AND ${BEFORE} <= most AND ${BEFORE} + attempts > most`;

/**
 * The rule of {@link counted} in SQL. The servers assign from left to right, so each line sees the
 * values that earlier lines have set. `ends_at` is set after the lines that compare it with the
 * present.
 */
const addition = bySize(
  (count) => `
    INSERT INTO counters (id, used, ends_at, refusals, refusals_end_at, expires_at)
    SELECT given_id, attempts, new_end, new_refusals, new_refusals_end, new_expiry
    FROM (${new Array(count).fill(GIVEN).join(' UNION ALL ')}) AS given
    ON DUPLICATE KEY UPDATE
      refusals = IF(${GOES_BEYOND}, IF(refusals_end_at <= present, 1, refusals + 1), refusals),
      refusals_end_at = IF(${GOES_BEYOND} AND refusals_end_at <= present, present + ${DAY_MS}, refusals_end_at),
      used = ${BEFORE} + attempts,
      ends_at = CASE
        WHEN delay_ms > 0 AND used > most AND used - attempts <= most
          THEN present + LEAST(delay_ms * POW(2, LEAST(refusals, ${DOUBLINGS}) - 1), max_delay_ms)
        WHEN ends_at <= present THEN present + window_ms
        ELSE ends_at END,
      expires_at = GREATEST(ends_at, refusals_end_at)`,
);
