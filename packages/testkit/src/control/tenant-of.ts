import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { Tenant } from '../tenant.js';

const tenants = new WeakMap<IncomingMessage, Tenant>();

/** Notes which tenant a request is about, before the control plane handles it. */
export function assignTenant(request: IncomingMessage, tenant: Tenant): void {
  tenants.set(request, tenant);
}

/** Returns the tenant that a request is about. */
export function tenantOf({ raw }: FastifyRequest): Tenant {
  const tenant = tenants.get(raw);
  if (!tenant) throw new Error('the request came past the server of the kit');
  return tenant;
}
