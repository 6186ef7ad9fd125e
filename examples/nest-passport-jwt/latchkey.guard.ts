import { type ExecutionContext, Injectable, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Requires a valid access token, and sets `request.user` to the caller. */
@Injectable()
export class LatchkeyGuard extends AuthGuard('latchkey') {
  /**
   * Returns the caller, or answers 401 with a challenge.
   * @param info why Passport refused: the error of the key provider or of jsonwebtoken
   */
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
