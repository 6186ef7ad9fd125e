import { type ExecutionContext, Injectable, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Lets a request with a valid access token through, `request.user` being the caller. */
@Injectable()
export class LatchkeyGuard extends AuthGuard('latchkey') {
  /** @param info why Passport refused: whatever the strategy's key provider or jsonwebtoken threw */
  override handleRequest<User>(
    error: Error | null,
    user: User | false,
    info: unknown,
    context: ExecutionContext,
  ): User {
    if (user) return user;
    if (error && !(error instanceof UnauthorizedException)) throw error;
    if (info instanceof ServiceUnavailableException) throw info;
    const http = context.switchToHttp();
    const { authorization } = http.getRequest<FastifyRequest>().headers;
    http
      .getResponse<FastifyReply>()
      .header('WWW-Authenticate', authorization ? 'Bearer error="invalid_token"' : 'Bearer');
    throw new UnauthorizedException();
  }
}
