import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FailureError } from '../../errors/failure.error.js';
import { originForm } from '../request/paths.js';

/**
 * Refuses URLs that cannot be decoded. The refusal has the dialect, the headers and the log line of
 * every other answer. Fastify by itself runs no hooks for such URLs.
 */
export class UndecodableUrls {
  private readonly requests = new WeakSet<IncomingMessage>();
  private fastify: FastifyInstance | undefined;

  refuse(fastify: FastifyInstance): void {
    this.fastify = fastify;
    fastify.addHook('onRequest', ({ raw }, _reply, done) => {
      done(this.requests.has(raw) ? new FailureError({ code: 'bad_request', status: 400 }) : undefined);
    });
  }

  /**
   * Routes a request again, under a URL that decodes to the URL that the client sent. For Fastify's
   * `frameworkErrors`.
   */
  readonly onFrameworkError = (_error: unknown, { raw }: FastifyRequest, reply: FastifyReply): void => {
    this.requests.add(raw);
    raw.url = originForm(raw.url ?? '').replaceAll('%', '%25');
    this.fastify?.routing(raw, reply.raw);
  };
}
