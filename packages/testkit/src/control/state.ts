import type { FastifyInstance } from 'fastify';
import { VERSION } from '../../../../src/platform/config/version.js';
import type { Kit } from '../kit.js';
import type { RouteSchema } from './openapi.js';
import { answer, flag, listOf, text } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const SHOW: RouteSchema = {
  summary: 'The kit: its version, addresses, time, settings and tenants',
  answers: {
    200: answer({
      ...{ version: text, url: text, issuer: text, jwks_uri: text, now: text, frozen: flag },
      ...{ settings: answer({}), tenants: listOf(text) },
    }),
  },
};

const RESET: RouteSchema = {
  summary: 'Removes everything but the signing keys, restores clock and settings, and seeds again',
  answers: { 204: null },
};

export function stateRoutes(routes: FastifyInstance, kit: Kit): void {
  routes.get('/', { schema: SHOW }, async (request) => {
    const { url, clock, settings } = tenantOf(request);
    return {
      ...{ version: VERSION, url, issuer: url, jwks_uri: `${url}/.well-known/jwks.json` },
      ...{ now: new Date(clock.now()).toISOString(), frozen: clock.isFrozen, settings, tenants: kit.tenantNames },
    };
  });

  routes.post('/reset', { schema: RESET }, async (request, reply) => {
    await tenantOf(request).reset();
    return reply.status(204).send();
  });
}
