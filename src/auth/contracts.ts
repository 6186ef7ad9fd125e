import type { Type } from '@nestjs/common';
import type { Dialect } from '../platform/http/dialect/dialect.js';
import { authToken } from './contracts/auth-token/index.js';
import { userLogin } from './contracts/user-login/index.js';

/** A published API: its routes, and the dialect of its refusals. */
export interface Contract {
  readonly dialect: Dialect;
  readonly controller: Type;
}

/**
 * The contracts that this service speaks. A new contract is a folder below `contracts` and an entry
 * here.
 */
export const CONTRACTS: readonly Contract[] = [authToken, userLogin];
