import { Accounts1763700000000 } from './1763700000000-accounts.js';
import { Sessions1763700000001 } from './1763700000001-sessions.js';
import { SigningKeys1763700000002 } from './1763700000002-signing-keys.js';
import { Leases1763700000003 } from './1763700000003-leases.js';
import { Events1763800000000 } from './1763800000000-events.js';
import { Limits1763800000001 } from './1763800000001-limits.js';
import { LivingSessions1763900000000 } from './1763900000000-living-sessions.js';
import { Counters1764000000000 } from './1764000000000-counters.js';

/**
 * All migrations, in the order in which they are applied. A released migration is never changed.
 */
export const migrations = [
  Accounts1763700000000,
  Sessions1763700000001,
  SigningKeys1763700000002,
  Leases1763700000003,
  Events1763800000000,
  Limits1763800000001,
  LivingSessions1763900000000,
  Counters1764000000000,
];
