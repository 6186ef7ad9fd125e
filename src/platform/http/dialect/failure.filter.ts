import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FailureError } from '../../errors/failure.error.js';
import { send } from './answer.js';
import { answerOf } from './dialect.js';
import { failureOf } from './failure-of.js';
import { StoreOutages } from './store-outages.js';

/**
 * Answers everything that is thrown, in the dialect of the request. If the client is not at fault,
 * only the log shows the cause.
 */
@Catch()
export class FailureFilter implements ExceptionFilter {
  private readonly outages = new StoreOutages();

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const failure = failureOf(thrown);
    if (failure.code === 'internal') request.log.error({ reqId: request.id, err: thrown }, 'a request failed');
    // A FailureError means that the service is starting or overloaded. The store may be available.
    if (failure.code === 'unavailable' && !(thrown instanceof FailureError)) this.outages.record(request, thrown);
    if (reply.raw.headersSent) return;
    send(reply, answerOf(request.dialect, failure));
  }
}
