import type { FastifyInstance } from 'fastify';
import { DataSource } from 'typeorm';
import { UsersRepository } from '../../../../src/users/users.repository.js';
import { User } from '../../../../src/users/user.entity.js';
import type { TokenOptions } from '../client/latchkey.js';
import { FLAWS, mintPair } from '../tokens.js';
import type { RouteSchema } from './openapi.js';
import { Problem } from './problem.js';
import { answer, object, text } from './schemas.js';
import { tenantOf } from './tenant-of.js';

const MINT: RouteSchema = {
  summary: 'Opens a session for an account and returns its tokens. No password is hashed',
  body: object(
    {
      username: text,
      ...{ expires_in: { type: 'integer' }, issued_at: { type: 'integer' } },
      ...{ claims: { type: 'object' }, flaw: { ...text, enum: FLAWS } },
    },
    ['username'],
  ),
  answers: { 201: answer({ access: text, refresh: text, sid: text }) },
};

export function tokenRoutes(routes: FastifyInstance): void {
  routes.post<{ Body: TokenOptions & { username: string } }>('/tokens', { schema: MINT }, async (request, reply) => {
    const tenant = tenantOf(request);
    const { username, ...rest } = request.body;
    const state = await tenant.get(UsersRepository).findByLoginName(username);
    const user = state && (await tenant.get(DataSource).getRepository(User).findOneBy({ id: state.id }));
    if (!user) throw new Problem(404, `there is no account ${username}`);
    return reply.status(201).send(await mintPair(tenant, user, rest));
  });
}
