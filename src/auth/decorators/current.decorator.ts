import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { SessionOfUser } from '../../users/session.entity.js';
import type { UserState } from '../../users/user.entity.js';

/** Parameter decorator: the account that `LocalAuthGuard` has found. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<{ user: UserState }>().user,
);

/** Parameter decorator: the session that `JwtAuthGuard` has found, with its account. */
export const CurrentSession = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<{ user: SessionOfUser }>().user,
);
