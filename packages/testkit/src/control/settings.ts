import type { FastifyInstance } from 'fastify';
import { SETTINGS, type Settings } from '../settings.js';
import type { RouteSchema } from './openapi.js';
import { answer, object } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const names = (schema: object) => Object.fromEntries(SETTINGS.map((name) => [name, schema]));

const SHOW: RouteSchema = { summary: 'The settings in use', answers: { 200: answer(names({})) } };

const CHANGE: RouteSchema = {
  summary: 'Changes settings. The names and ranges are those of the environment variables',
  body: object(names({ type: ['string', 'number'] })),
  answers: { 200: answer(names({})) },
};

export function settingRoutes(routes: FastifyInstance): void {
  routes.get('/settings', { schema: SHOW }, async (request) => tenantOf(request).settings);

  routes.patch<{ Body: Settings }>('/settings', { schema: CHANGE }, async (request) => {
    const tenant = tenantOf(request);
    await tenant.changeSettings(request.body);
    return tenant.settings;
  });
}
