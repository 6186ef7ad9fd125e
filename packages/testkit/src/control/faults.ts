import type { FastifyInstance } from 'fastify';
import { FAILURE_CODES, type FaultRequest } from '../faults.js';
import type { RouteSchema } from './openapi.js';
import { Problem } from './problem.js';
import { answer, listOf, object, text, whole } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const MOST = 1_000_000;
const MOST_DELAY_MS = 600_000;

const MEMBERS = {
  match: object({ method: text, path: text, username: text }),
  when: { ...text, enum: ['before', 'after'], default: 'before' },
  action: { ...text, enum: ['fail', 'delay', 'truncate', 'drop'] },
  failure: { ...text, enum: FAILURE_CODES },
  retry_after: whole(1, MOST),
  delay_ms: whole(0, MOST_DELAY_MS),
  times: whole(1, MOST),
  skip: whole(0, MOST),
};
const FAULT = answer({ id: text, ...MEMBERS, left: whole(0, MOST), happened: whole(0, MOST) });

const ADD: RouteSchema = {
  summary:
    'Makes requests fail: `fail` in the words of the route, `delay`, `truncate`, or `drop` the answer. ' +
    'With `when: after`, the handler has finished and everything is written. Once, unless `times` is given',
  body: object(MEMBERS, ['action']),
  answers: { 201: FAULT },
};
const LIST: RouteSchema = {
  summary: 'The faults, and how often each has happened',
  answers: { 200: answer({ faults: listOf(FAULT) }) },
};
const CLEAR: RouteSchema = { summary: 'Removes every fault', answers: { 204: null } };
const REMOVE: RouteSchema = {
  summary: 'Removes a fault',
  params: object({ id: text }, ['id']),
  answers: { 204: null },
};

export function faultRoutes(routes: FastifyInstance): void {
  routes.post<{ Body: FaultRequest }>('/faults', { schema: ADD }, async (request, reply) => {
    const { body } = request;
    if (body.action === 'truncate' && body.when !== 'after')
      throw new Problem(400, 'truncate needs when: after', { when: ['must be after'] });
    if (body.action === 'fail' && body.failure === undefined)
      throw new Problem(400, 'fail needs a failure', { failure: ['is required'] });
    return reply.status(201).send(tenantOf(request).faults.add(body));
  });

  routes.get('/faults', { schema: LIST }, async (request) => ({ faults: tenantOf(request).faults.list }));

  routes.delete('/faults', { schema: CLEAR }, async (request, reply) => {
    tenantOf(request).faults.clear();
    return reply.status(204).send();
  });

  routes.delete<{ Params: { id: string } }>('/faults/:id', { schema: REMOVE }, async (request, reply) => {
    if (!tenantOf(request).faults.remove(request.params.id)) throw new Problem(404, 'there is no such fault');
    return reply.status(204).send();
  });
}
