import type { FastifyInstance } from 'fastify';
import { type Captured, exchangeOf } from '../contract/captured.js';
import type { RouteSchema } from './openapi.js';
import { answer, listOf, object, text, whole } from './schemas.js';
import { tenantOf } from './tenant-of.js';

/** How many exchanges one request may have checked. */
const MOST = 1_000;

const VIOLATION = {
  side: { type: 'string', enum: ['answer', 'request'] },
  ...{ kind: text, message: text, method: text, url: text, status: whole(100, 599) },
};

const LIST: RouteSchema = {
  summary:
    'The last 1,000 differences between exchanges and this document. `side` tells whether the answer or the request differs',
  answers: { 200: answer({ violations: listOf(answer(VIOLATION)) }) },
};

const CLEAR: RouteSchema = { summary: 'Forgets the differences found so far', answers: { 204: null } };

const HEADERS = {
  type: 'object',
  additionalProperties: { anyOf: [text, listOf(text)] },
} as const;

/** A body: the text itself, or the value that its JSON stands for. */
const BODY = {};

const CAPTURED = object(
  {
    ...{ method: { ...text, minLength: 1 }, url: { ...text, minLength: 1 }, status: whole(100, 599) },
    ...{ headers: HEADERS, body: BODY, request: object({ headers: HEADERS, body: BODY }) },
  },
  ['method', 'url', 'status'],
);

const CHECK: RouteSchema = {
  summary: 'Checks an exchange that a client has captured, or an array of them. Nothing is added to the list',
  body: { anyOf: [CAPTURED, { ...listOf(CAPTURED), maxItems: MOST }] },
  answers: {
    // `exchange` is the place of the exchange in the request, from 0.
    200: answer({ violations: listOf(answer({ exchange: whole(0, MOST), ...VIOLATION })) }),
  },
};

export function contractRoutes(routes: FastifyInstance): void {
  routes.get('/contract/violations', { schema: LIST }, async (request) => ({
    violations: tenantOf(request).contract.list(),
  }));

  routes.delete('/contract/violations', { schema: CLEAR }, async (request, reply) => {
    tenantOf(request).contract.clear();
    return reply.status(204).send();
  });

  routes.post<{ Body: Captured | Captured[] }>('/contract/check', { schema: CHECK }, async (request) => {
    const { checker } = tenantOf(request).contract;
    const violations = [request.body].flat().flatMap((captured, i) => {
      const exchange = exchangeOf(captured);
      const found = [...checker.checkAnswer(exchange), ...checker.checkRequest(exchange)];
      return found.map((violation) => ({ exchange: i, ...violation }));
    });
    return { violations };
  });
}
