import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by {@link watchDisconnect}: aborted once the client has gone without its answer. */
    disconnected?: AbortSignal;
  }
}

/** Parameter decorator: a signal that is aborted once the client has gone without its answer. */
export const ClientDisconnected = createParamDecorator((_: unknown, context: ExecutionContext) =>
  watchDisconnect(context),
);

/** Begins to watch the connection of a request, once a request. See {@link ClientDisconnected}. */
export function watchDisconnect(context: ExecutionContext): AbortSignal {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  return (request.disconnected ??= signalOf(http.getResponse<FastifyReply>()));
}

function signalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    // After the answer there is nothing left to abort, and `abort` would make an error with a
    // stack.
    if (!raw.writableFinished) controller.abort();
  });
  if (raw.destroyed) controller.abort();
  return controller.signal;
}
