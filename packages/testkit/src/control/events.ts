import type { FastifyInstance } from 'fastify';
import { DataSource } from 'typeorm';
import { EventRow } from '../../../../src/events/event-row.entity.js';
import type { RouteSchema } from './openapi.js';
import { answer, listOf } from './schemas.js';
import { tenantOf } from './tenant-of.js';

/** How many events an answer has. */
const MOST = 1_000;

const LIST: RouteSchema = {
  summary: 'The last 1,000 security events, the oldest first',
  answers: { 200: answer({ events: listOf(answer({})) }) },
};

export function eventRoutes(routes: FastifyInstance): void {
  routes.get('/events', { schema: LIST }, async (request) => {
    const tenant = tenantOf(request);
    await tenant.flush();
    const rows = await tenant
      .get(DataSource)
      .getRepository(EventRow)
      .find({ order: { id: 'DESC' }, take: MOST });
    return { events: rows.reverse() };
  });
}
