import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FailureError } from '../../errors/failure.error.js';
import { answer, type Dialects, routeOf } from './dialect.js';
import { failureOf } from './failure-of.js';
import { StoreOutages } from './store-outages.js';

/** Answers everything that is thrown, in the dialect of its route. The cause of what is not the client's doing goes to the log alone. */
@Catch()
export class FailureFilter implements ExceptionFilter {
  private readonly outages = new StoreOutages();

  constructor(private readonly dialects: Dialects) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const failure = failureOf(thrown);
    if (failure.code === 'internal') request.log.error({ reqId: request.id, err: thrown }, 'a request failed');
    // Our own refusal while the start is under way has no cause to tell.
    if (failure.code === 'unavailable' && !(thrown instanceof FailureError)) this.outages.refused(request, thrown);
    if (reply.raw.headersSent) return;
    answer(reply, this.dialects.of(routeOf(request)).present(failure));
  }
}
