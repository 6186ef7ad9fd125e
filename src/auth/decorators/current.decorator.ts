import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/**
 * Parameter decorator: what the Passport strategy of the route's guard found: the account of a
 * login, or the session of a bearer token.
 */
export const Current = createParamDecorator(
  (_: unknown, context: ExecutionContext): unknown => context.switchToHttp().getRequest<{ user: unknown }>().user,
);
