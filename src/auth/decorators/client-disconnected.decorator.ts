import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** Parameter decorator: aborted once whoever sent the request is gone without its answer. */
export const HungUp = createParamDecorator((_: unknown, context: ExecutionContext) => hungUpOf(context));

/** See {@link HungUp}. */
export function hungUpOf(context: ExecutionContext): AbortSignal {
  const controller = new AbortController();
  const { raw } = context.switchToHttp().getResponse<FastifyReply>();
  raw.once('close', () => {
    // An answered one has nothing left to abort, and an error with its stack would be made for it.
    if (!raw.writableFinished) controller.abort();
  });
  if (raw.destroyed) controller.abort();
  return controller.signal;
}
