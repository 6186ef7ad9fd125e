import type { FastifyInstance } from 'fastify';
import { FAILURE } from '../failures.js';
import type { FaultInput } from '../faults.js';
import type { RouteSchema } from './openapi.js';
import { Problem } from './problem.js';
import { answer, listOf, object, text, whole } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const MOST = 1_000_000;
const DELAY_MS = 60_000;

const INPUT = {
  match: object({
    method: text,
    path: { ...text, pattern: '^/', description: 'below the base URL, exact or with * at its end' },
    username: {
      ...text,
      description: 'the username or email in the body; a request that only has a bearer token does not match',
    },
  }),
  when: {
    ...text,
    enum: ['before', 'after'],
    default: 'before',
    description: 'after: the handler has run, and what it wrote is committed',
  },
  action: { ...text, enum: ['fail', 'delay', 'truncate', 'drop'] },
  failure: { ...FAILURE, description: 'for fail: a code, or a code with its parameters' },
  delay_ms: { ...whole(0, DELAY_MS), description: 'for delay' },
  times: { ...whole(1, MOST), default: 1 },
  skip: { ...whole(0, MOST), default: 0, description: 'how many matching requests pass first' },
};

const FAULT = answer({ id: text, ...INPUT, times: whole(0, MOST), fired: whole(0, MOST) });

const LIST: RouteSchema = {
  summary: 'The faults, how often each will still fire (`times`) and has fired (`fired`)',
  answers: { 200: answer({ faults: listOf(FAULT) }) },
};

const ADD: RouteSchema = {
  summary: 'Adds a fault: fails, delays, truncates or drops the answers to matching requests',
  body: object(INPUT, ['action']),
  answers: { 201: FAULT },
};

const CLEAR: RouteSchema = { summary: 'Removes all faults, and ends delays', answers: { 204: null } };

const REMOVE: RouteSchema = {
  summary: 'Removes a fault',
  params: object({ id: text }),
  answers: { 204: null },
};

export function faultRoutes(routes: FastifyInstance): void {
  routes.get('/faults', { schema: LIST }, async (request) => ({ faults: tenantOf(request).faults.list }));

  routes.post<{ Body: FaultInput }>('/faults', { schema: ADD }, async (request, reply) => {
    refuseContradictions(request.body);
    return reply.status(201).send(tenantOf(request).faults.add(request.body));
  });

  routes.delete('/faults', { schema: CLEAR }, async (request, reply) => {
    tenantOf(request).faults.clear();
    return reply.status(204).send();
  });

  routes.delete<{ Params: { id: string } }>('/faults/:id', { schema: REMOVE }, async (request, reply) => {
    const { id } = request.params;
    if (!tenantOf(request).faults.remove(id)) throw new Problem(404, `there is no fault ${id}`);
    return reply.status(204).send();
  });
}

/** @throws Problem for members that do not go together */
function refuseContradictions({ when, action, failure, delay_ms }: FaultInput): void {
  const errors = {
    ...((action === 'fail') !== (failure !== undefined) && {
      failure: ['goes with the action fail, and only with it'],
    }),
    ...((action === 'delay') !== (delay_ms !== undefined) && {
      delay_ms: ['goes with the action delay, and only with it'],
    }),
    ...(action === 'truncate' && when !== 'after' && { when: ['must be after: there is no answer to truncate yet'] }),
  };
  if (Object.keys(errors).length > 0) throw new Problem(400, 'the fault contradicts itself', errors);
}
