import type { FastifyInstance } from 'fastify';
import type { RouteSchema } from './openapi.js';
import { tenantOf } from './tenant-of.js';

const CLEAR: RouteSchema = {
  summary: 'Clears the counters of guesses and sign-ups, which ends every 429',
  answers: { 204: null },
};

export function limitRoutes(routes: FastifyInstance): void {
  routes.delete('/limits', { schema: CLEAR }, async (request, reply) => {
    tenantOf(request).clearLimits();
    return reply.status(204).send();
  });
}
