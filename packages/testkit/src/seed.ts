import { makeAccounts } from './accounts.js';
import type { AccountInput } from './client/latchkey.js';
import type { Tenant } from './tenant.js';

/** Accounts that every tenant has at its start and after a reset. */
export type Seed = readonly AccountInput[];

/** Returns a function that makes the accounts of a seed. */
export function seedOf(seed: Seed): (tenant: Tenant) => Promise<void> {
  return async (tenant) => {
    if (seed.length > 0) await makeAccounts(tenant, seed);
  };
}
