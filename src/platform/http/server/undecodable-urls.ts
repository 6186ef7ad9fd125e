import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { FailureError } from '../../errors/failure.error.js';
import { originForm } from '../request/paths.js';

/**
 * Refuses URLs that cannot be decoded with the headers, the dialect and the log line of any answer.
 * Fastify by itself runs no hooks for them.
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
   * For Fastify's `frameworkErrors`: routes the request again, under a URL that decodes to what was
   * sent.
   */
  readonly onFrameworkError = (_error: unknown, { raw }: FastifyRequest, reply: FastifyReply): void => {
    this.requests.add(raw);
    raw.url = originForm(raw.url ?? '').replaceAll('%', '%25');
    this.fastify?.routing(raw, reply.raw);
  };
}
