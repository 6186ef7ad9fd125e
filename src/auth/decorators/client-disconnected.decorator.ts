import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Set by {@link watchDisconnect}: aborted when the client disconnects before its answer is
     * sent.
     */
    disconnected?: AbortSignal;
  }
}

/**
 * Parameter decorator: a signal that is aborted when the client disconnects before its answer is
 * sent.
 */
export const ClientDisconnected = createParamDecorator((_: unknown, context: ExecutionContext) =>
  watchDisconnect(context),
);

/**
 * Watches the connection of a request, once for each request.
 * @returns the signal of {@link ClientDisconnected}
 */
export function watchDisconnect(context: ExecutionContext): AbortSignal {
  const http = context.switchToHttp();
  const request = http.getRequest<FastifyRequest>();
  return (request.disconnected ??= signalOf(http.getResponse<FastifyReply>()));
}

function signalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    // After the answer there is nothing to abort, and `abort` would create an error with a stack.
    if (!raw.writableFinished) controller.abort();
  });
  if (raw.destroyed) controller.abort();
  return controller.signal;
}
