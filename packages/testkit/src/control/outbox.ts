import type { FastifyInstance } from 'fastify';
import type { MailFilter } from '../outbox.js';
import type { RouteSchema } from './openapi.js';
import { answer, listOf, object, text } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const DEFAULT_SECONDS = 10;

const MAIL = answer({ to: text, kind: text, subject: text, text, code: text, link: text, sent_at: text });
const FILTER = { to: text, kind: text };

const LIST: RouteSchema = {
  summary: 'The mails that were sent, the oldest first',
  querystring: object(FILTER),
  answers: { 200: answer({ mails: listOf(MAIL) }) },
};
const NEXT: RouteSchema = {
  summary: 'Takes the oldest mail, or waits up to `timeout` seconds (10) for it; 204 if none has come',
  querystring: object({ ...FILTER, timeout: { ...text, pattern: String.raw`^\d{1,3}$` } }),
  answers: { 200: MAIL, 204: null },
};
const CLEAR: RouteSchema = { summary: 'Removes every mail', answers: { 204: null } };

export function outboxRoutes(routes: FastifyInstance): void {
  routes.get<{ Querystring: MailFilter }>('/outbox', { schema: LIST }, async (request) => ({
    mails: tenantOf(request).outbox.list(request.query),
  }));

  routes.get<{ Querystring: MailFilter & { timeout?: string } }>(
    '/outbox/next',
    { schema: NEXT },
    async (request, reply) => {
      const { timeout = DEFAULT_SECONDS, ...filter } = request.query;
      const mail = await tenantOf(request).outbox.takeNext(filter, Number(timeout) * 1000);
      return mail ?? reply.status(204).send();
    },
  );

  routes.delete('/outbox', { schema: CLEAR }, async (request, reply) => {
    tenantOf(request).outbox.clear();
    return reply.status(204).send();
  });
}
