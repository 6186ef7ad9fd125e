import type { FastifyInstance } from 'fastify';
import type { Tenant } from '../tenant.js';
import type { RouteSchema } from './openapi.js';
import { Problem } from './problem.js';
import { answer, flag, object, text, whole } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const TIME = answer({ now: text, frozen: flag });
/** A hundred years. */
const MOST_SECONDS = 100 * 365 * 86_400;

const SHOW: RouteSchema = { summary: 'The time of the service', answers: { 200: TIME } };

const SET: RouteSchema = {
  summary: 'Moves the time forward to `now`, and stops it or lets it run. Jobs that are due run at once',
  body: object({ now: { ...text, format: 'date-time' }, frozen: flag }),
  answers: { 200: TIME },
};

const ADVANCE: RouteSchema = {
  summary: 'Moves the time forward by seconds. Jobs that are due run at once',
  body: object({ seconds: whole(0, MOST_SECONDS) }, ['seconds']),
  answers: { 200: TIME },
};

export function clockRoutes(routes: FastifyInstance): void {
  routes.get('/clock', { schema: SHOW }, async (request) => timeOf(tenantOf(request)));

  routes.put<{ Body: { now?: string; frozen?: boolean } }>('/clock', { schema: SET }, async (request) => {
    const tenant = tenantOf(request);
    const { now, frozen } = request.body;
    const time = now === undefined ? undefined : Date.parse(now);
    if (time !== undefined && time < tenant.clock.now())
      throw new Problem(400, 'the time only moves forward; a reset returns it to the time of the machine', {
        now: ['lies in the past'],
      });
    await tenant.moveClock((clock) => {
      if (frozen !== undefined) clock.freeze(frozen);
      if (time !== undefined) clock.set(time);
    });
    return timeOf(tenant);
  });

  routes.post<{ Body: { seconds: number } }>('/clock/advance', { schema: ADVANCE }, async (request) => {
    const tenant = tenantOf(request);
    await tenant.moveClock((clock) => {
      clock.advance(request.body.seconds * 1000);
    });
    return timeOf(tenant);
  });
}

function timeOf({ clock }: Tenant): object {
  return { now: new Date(clock.now()).toISOString(), frozen: clock.isFrozen };
}
