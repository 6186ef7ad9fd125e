import { STATUS_CODES } from 'node:http';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance, RouteOptions } from 'fastify';

/** The heading of the control plane in Swagger UI. */
const TAG = { name: 'test kit', description: 'For end-to-end suites. The service itself does not have these routes.' };

type Schema = Readonly<Record<string, unknown>>;

/** How a route of the control plane is described. Fastify checks requests by it. */
export interface RouteSchema {
  readonly summary: string;
  readonly params?: Schema;
  readonly querystring?: Schema;
  readonly body?: Schema;
  /** The schema of the answer by status; null for an answer without a body. */
  readonly answers: Readonly<Record<number, Schema | null>>;
}

const routesOf = new WeakMap<FastifyInstance, RouteOptions[]>();

/** Remembers the routes that are registered from now on. */
export function collectRoutes(control: FastifyInstance): void {
  const routes: RouteOptions[] = [];
  routesOf.set(control, routes);
  control.addHook('onRoute', (route) => {
    routes.push(route);
  });
}

/** Adds the routes of the control plane to the OpenAPI document of the service. */
export function documentControlPlane(document: OpenAPIObject, control: FastifyInstance): OpenAPIObject {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { url, method, schema } of routesOf.get(control) ?? []) {
    if (!schema || method === 'HEAD') continue;
    const path = url.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[String(method).toLowerCase()] = {
      ...operationOf(schema as unknown as RouteSchema),
      operationId: `${String(method).toLowerCase()} ${path}`,
    };
  }
  return {
    ...document,
    tags: [...(document.tags ?? []), TAG],
    paths: { ...document.paths, ...(paths as OpenAPIObject['paths']) },
  };
}

function operationOf({ summary, params, querystring, body, answers }: RouteSchema): object {
  return {
    summary,
    tags: [TAG.name],
    parameters: [...parametersOf('path', params), ...parametersOf('query', querystring)],
    ...(body && { requestBody: { content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, schema]) => [status, answerOf(status, schema)])),
      default: { description: 'problem details (RFC 9457)' },
    },
  };
}

function parametersOf(place: 'path' | 'query', schema?: Schema): object[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

function answerOf(status: string, schema: Schema | null): object {
  const description = STATUS_CODES[status] ?? status;
  return schema ? { description, content: { 'application/json': { schema } } } : { description };
}
