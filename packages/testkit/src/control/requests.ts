import type { FastifyInstance } from 'fastify';
import type { Exchange } from '../exchanges.js';
import type { RouteSchema } from './openapi.js';
import { answer, listOf } from './schemas.js';
import { tenantOf } from './tenant-of.js';

/** Members and headers whose values no answer shows. */
const SECRET = /password|token|^access$|^refresh$|authorization|cookie|secret/i;
/** A JWT or the beginning of one. */
const TOKEN = /eyJ[\w.%=-]+/g;
const MASK = '[masked]';

const LIST: RouteSchema = {
  summary: 'The last 1,000 requests with their answers, the oldest first; passwords and tokens are masked',
  answers: { 200: answer({ requests: listOf(answer({})) }) },
};

export function requestRoutes(routes: FastifyInstance): void {
  routes.get('/requests', { schema: LIST }, async (request) => ({
    requests: tenantOf(request).exchanges.list.map(shown),
  }));
}

function shown({ at, method, url, requestHeaders, requestBody, status, headers, text, fault }: Exchange): object {
  return {
    ...{ at: new Date(at).toISOString(), method, url: url.replace(TOKEN, MASK), status, fault },
    request: { headers: masked(requestHeaders), body: masked(requestBody) },
    answer: { headers: masked(headers), body: masked(parsed(text)) },
  };
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(TOKEN, MASK);
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, SECRET.test(name) && member !== null ? MASK : masked(member)]),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
