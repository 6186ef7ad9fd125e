import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** Parameter decorator: what the Passport strategy of the route's guard found, a `User` at a login, a session behind a bearer token. */
export const Current = createParamDecorator(
  (_: unknown, context: ExecutionContext): unknown => context.switchToHttp().getRequest<{ user: unknown }>().user,
);
