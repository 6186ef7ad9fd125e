import type { FastifyInstance } from 'fastify';
import { DataSource, Raw, type Repository } from 'typeorm';
import { PasswordHasher } from '../../../../src/passwords/password-hasher.js';
import { Session } from '../../../../src/users/session.entity.js';
import { lengthOf } from '../../../../src/users/names.js';
import { User } from '../../../../src/users/user.entity.js';
import { makeAccounts } from '../accounts.js';
import type { AccountInput } from '../client/latchkey.js';
import type { Tenant } from '../tenant.js';
import type { RouteSchema } from './openapi.js';
import { Problem } from './problem.js';
import { answer, flag, listOf, object, text, whole } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const MOST = 100_000;

const ACCOUNT = object({
  ...{ id: text, username: text, password: text, password_hash: text, email: text },
  ...{ first_name: text, last_name: text, disabled: flag },
});
const SHOWN = answer({
  ...{ id: text, username: text, email: { type: ['string', 'null'] } },
  ...{ first_name: text, last_name: text, disabled: flag, created_at: text },
});
const MADE = answer({ id: text, username: text, email: text, password: text, access: text, refresh: text });

const MAKE: RouteSchema = {
  summary: 'Makes accounts: one, an array, JSON Lines, or `count` accounts by a `template` with {n} for the number',
  querystring: object({ tokens: { type: 'string', enum: ['true', 'false'] } }),
  body: {
    anyOf: [
      object({ ...ACCOUNT.properties, tokens: flag }),
      listOf(ACCOUNT),
      object({ count: whole(1, MOST), template: ACCOUNT, tokens: flag }, ['count']),
    ],
  },
  answers: { 201: answer({ accounts: listOf(MADE) }) },
};

const LIST: RouteSchema = {
  summary: 'The accounts, or those whose username begins with `prefix`; 1,000 at most',
  querystring: object({ prefix: text }),
  answers: { 200: answer({ accounts: listOf(SHOWN) }) },
};

const BY_ID = object({ id: text }, ['id']);
const SHOW: RouteSchema = { summary: 'An account', params: BY_ID, answers: { 200: SHOWN } };

const CHANGE: RouteSchema = {
  summary: 'Disables or enables an account, or sets its password, which ends its sessions',
  params: BY_ID,
  body: object({ disabled: flag, password: text }),
  answers: { 200: SHOWN },
};

const REMOVE: RouteSchema = { summary: 'Removes an account with its sessions', params: BY_ID, answers: { 204: null } };

const REMOVE_MANY: RouteSchema = {
  summary: 'Removes the accounts whose username begins with `prefix`',
  querystring: object({ prefix: { ...text, minLength: 1 } }, ['prefix']),
  answers: { 200: answer({ removed: whole(0, MOST) }) },
};

type Make = (AccountInput & { tokens?: boolean }) | AccountInput[] | Many;
interface Many {
  readonly count: number;
  readonly template?: AccountInput;
  readonly tokens?: boolean;
}
type ById = Readonly<Record<'id', string>>;

export function accountRoutes(routes: FastifyInstance): void {
  routes.post<{ Body: Make; Querystring: { tokens?: string } }>(
    '/accounts',
    { schema: MAKE },
    async (request, reply) => {
      const { requests, tokens } = readMake(request.body);
      const options = { tokens: tokens || request.query.tokens === 'true' };
      const accounts = await makeAccounts(tenantOf(request), requests, options);
      return reply
        .status(201)
        .send(Array.isArray(request.body) || 'count' in request.body ? { accounts } : accounts[0]);
    },
  );

  routes.get<{ Querystring: { prefix?: string } }>('/accounts', { schema: LIST }, async (request) => {
    const { prefix = '' } = request.query;
    const found = await usersOf(tenantOf(request)).find({ where: begin(prefix), order: { id: 'ASC' }, take: 1_000 });
    return { accounts: found.map(shown) };
  });

  routes.get<{ Params: ById }>('/accounts/:id', { schema: SHOW }, async (request) =>
    shown(await requireAccount(tenantOf(request), request.params.id)),
  );

  routes.patch<{ Params: ById; Body: { disabled?: boolean; password?: string } }>(
    '/accounts/:id',
    { schema: CHANGE },
    async (request) => {
      const tenant = tenantOf(request);
      const { id, sessionEpoch } = await requireAccount(tenant, request.params.id);
      const { disabled, password } = request.body;
      await usersOf(tenant).update(id, {
        ...(disabled !== undefined && { disabledAt: disabled ? tenant.clock.now() : null }),
        ...(password !== undefined && {
          passwordHash: await tenant.get(PasswordHasher).hash(password),
          ...{ sessionEpoch: sessionEpoch + 1, keptSessionId: null, keptEpoch: null },
        }),
      });
      return shown(await requireAccount(tenant, id));
    },
  );

  routes.delete<{ Params: ById }>('/accounts/:id', { schema: REMOVE }, async (request, reply) => {
    const tenant = tenantOf(request);
    await remove(tenant, [await requireAccount(tenant, request.params.id)]);
    return reply.status(204).send();
  });

  routes.delete<{ Querystring: { prefix: string } }>('/accounts', { schema: REMOVE_MANY }, async (request) => {
    const tenant = tenantOf(request);
    const found = await usersOf(tenant).find({ where: begin(request.query.prefix) });
    await remove(tenant, found);
    return { removed: found.length };
  });
}

function readMake(body: Make): { requests: readonly AccountInput[]; tokens: boolean } {
  if (Array.isArray(body)) return { requests: body, tokens: false };
  const { tokens = false } = body;
  if (!('count' in body)) {
    const request: AccountInput & { tokens?: boolean } = { ...body };
    delete request.tokens;
    return { requests: [request], tokens };
  }
  const { count, template = {} } = body;
  return { requests: Array.from({ length: count }, (_, i) => numbered(template, i + 1)), tokens };
}

/** Returns a template with the number in place of each `{n}`. */
function numbered(template: AccountInput, n: number): AccountInput {
  const entries = Object.entries(template) as [string, unknown][];
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? value.replaceAll('{n}', String(n)) : value]),
  );
}

/** Usernames that begin with a text. */
function begin(prefix: string) {
  // LIKE would ignore case, and take the underscores of names for any character.
  const begins = (column: string) => `substr(${column}, 1, :length) = :prefix`;
  return { username: Raw(begins, { length: lengthOf(prefix), prefix }) };
}

async function remove(tenant: Tenant, accounts: readonly User[]): Promise<void> {
  for (const { id } of accounts) {
    await usersOf(tenant).delete(id);
    await tenant.get(DataSource).getRepository(Session).delete({ userId: id });
  }
}

async function requireAccount(tenant: Tenant, id: string): Promise<User> {
  const user = await usersOf(tenant).findOneBy({ id });
  if (!user) throw new Problem(404, 'there is no such account');
  return user;
}

function usersOf(tenant: Tenant): Repository<User> {
  return tenant.get(DataSource).getRepository(User);
}

function shown({ id, username, email, firstName, lastName, disabledAt, createdAt }: User): object {
  return {
    ...{ id, username, email, first_name: firstName, last_name: lastName },
    ...{ disabled: disabledAt !== null, created_at: new Date(createdAt).toISOString() },
  };
}
