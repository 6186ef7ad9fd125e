import type { Type } from '@nestjs/common';
import type { Dialect } from '../platform/http/dialect/dialect.js';
import * as registered from './contracts.js';

/** A published API: its routes, and the dialect of its refusals. */
export interface Contract {
  readonly dialect: Dialect;
  readonly controller: Type;
}

/** The registered contracts, in the order of their names. */
export const CONTRACTS: readonly Contract[] = Object.values(registered);
