import type { FastifyInstance } from 'fastify';
import type { RouteSchema } from './openapi.js';
import { answer, listOf, object, text } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const TIMEOUT_SECONDS = '10';

const textOrNull = { type: ['string', 'null'] };
const MESSAGE = answer({
  ...{ to: text, kind: text, code: textOrNull, link: textOrNull },
  ...{ sent_at: text, subject: text, text },
});

const LIST: RouteSchema = {
  summary: 'The messages that the service would have sent, the oldest first. None yet: it sends no mail',
  answers: { 200: answer({ messages: listOf(MESSAGE) }) },
};

const CLEAR: RouteSchema = { summary: 'Removes all messages, and ends all waits', answers: { 204: null } };

const NEXT: RouteSchema = {
  summary: 'Waits for a matching message that no call has returned before. 204 if none arrives in time',
  querystring: object({
    to: text,
    kind: text,
    timeout: { ...text, pattern: '^\\d{1,2}$', default: TIMEOUT_SECONDS, description: 'seconds of real time' },
  }),
  answers: { 200: MESSAGE, 204: null },
};

interface NextQuery {
  readonly to?: string;
  readonly kind?: string;
  readonly timeout: string;
}

export function outboxRoutes(routes: FastifyInstance): void {
  routes.get('/outbox', { schema: LIST }, async (request) => ({ messages: tenantOf(request).outbox.list }));

  routes.delete('/outbox', { schema: CLEAR }, async (request, reply) => {
    tenantOf(request).outbox.clear();
    return reply.status(204).send();
  });

  routes.get<{ Querystring: NextQuery }>('/outbox/next', { schema: NEXT }, async (request, reply) => {
    // A caller that has gone must not take a message.
    const gone = new AbortController();
    reply.raw.once('close', () => {
      gone.abort();
    });
    const { timeout, ...query } = request.query;
    const { outbox } = tenantOf(request);
    const message = await outbox.next({ ...query, timeout: Number(timeout), signal: gone.signal });
    return message ? reply.send(message) : reply.status(204).send();
  });
}
