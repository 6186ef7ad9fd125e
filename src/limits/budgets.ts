import type { Config } from '../platform/config/config.js';
import type { Budget } from './budget.js';

const DAY_SECONDS = 24 * 3600;

/** The budgets of {@link budgetsOf}. */
export type Budgets = ReturnType<typeof budgetsOf>;

/** Returns the budgets of everything that is limited, as configured. */
export function budgetsOf(config: Config) {
  const { LOGIN_LIMIT_WINDOW, LOGIN_DELAY, LOGIN_DELAY_MAX } = config;
  const delayed = (name: string, most: number): Budget => ({
    ...{ name, most, windowMs: LOGIN_LIMIT_WINDOW * 1000 },
    ...{ delayMs: LOGIN_DELAY * 1000, maxDelayMs: LOGIN_DELAY_MAX * 1000 },
  });
  const plain = (name: string, most: number, seconds: number): Budget => ({
    ...{ name, most, windowMs: seconds * 1000 },
    ...{ delayMs: 0, maxDelayMs: 0 },
  });
  return {
    /** Guesses of one source, at any name. */
    source: delayed('source', config.LOGIN_LIMIT_SOURCE),
    /** Guesses at one name from one source. */
    nameAndSource: delayed('name-source', config.LOGIN_LIMIT),
    /** Guesses at one name, from any source. */
    name: delayed('name', config.LOGIN_LIMIT_NAME),
    /** Wrong passwords from a source that the account has logged in from. */
    known: plain('known', config.LOGIN_LIMIT_KNOWN, DAY_SECONDS),
    signup: plain('signup', config.SIGNUP_LIMIT, config.SIGNUP_LIMIT_WINDOW),
    /** Guesses at the secret of one client of `INTROSPECTION_CLIENTS` from one source. */
    client: delayed('client', config.LOGIN_LIMIT),
  };
}
