import type { Type } from '@nestjs/common';
import type { Dialect } from '../platform/http/dialect/dialect.js';
import { authToken } from './contracts/auth-token/auth-token.controller.js';
import { userLogin } from './contracts/user-login/user-login.controller.js';

/** A published API: its routes, and how they word refusals. */
export interface Contract {
  readonly dialect: Dialect;
  readonly controller: Type;
}

/**
 * The contracts that this service speaks. A new contract is a folder below `contracts` and the last
 * entry here: the OpenAPI document has this order.
 */
export const CONTRACTS: readonly Contract[] = [authToken, userLogin];
