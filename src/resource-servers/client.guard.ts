import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { Clock } from '../platform/clock/clock.js';
import { CONFIG, type Config } from '../platform/config/config.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { SecurityEventsService } from '../events/security-events.service.js';
import { LimitsService } from '../limits/limits.service.js';
import { RefusalPause } from '../limits/refusal-pause.js';
import { sourceOf } from '../limits/source.js';
import { watchDisconnect } from '../auth/decorators/client-disconnected.decorator.js';
import { originOf } from '../auth/decorators/request-origin.decorator.js';

/** How long a source stays under suspicion after a wrong secret, and how many sources are. */
const SUSPECTED_MS = 60_000;
const SUSPECTS = 10_000;

/**
 * Lets the clients of `INTROSPECTION_CLIENTS` through, who authenticate by HTTP Basic (RFC 6749 section 2.3.1). After a wrong secret,
 * all requests of its source are counted for a while, so that a burst of guesses gets no further than guesses one after the other.
 * A client that makes no mistakes, at a source without any, is never counted.
 */
@Injectable()
export class ClientGuard implements CanActivate {
  private readonly hashes: ReadonlyMap<string, Buffer>;
  /** Until when, by source. */
  private readonly suspects = new LRUCache<string, number>({ max: SUSPECTS });
  /** Right secrets from suspected sources that are being counted: how long they have to wait, by client and source. */
  private readonly proofs = new Map<string, Promise<number>>();

  constructor(
    private readonly limits: LimitsService,
    private readonly pause: RefusalPause,
    private readonly events: SecurityEventsService,
    private readonly clock: Clock,
    @Inject(CONFIG) { INTROSPECTION_CLIENTS }: Config,
  ) {
    this.hashes = new Map(
      INTROSPECTION_CLIENTS.map((client) => {
        const [id = '', hash = ''] = client.split(':');
        return [id, Buffer.from(hash, 'hex')];
      }),
    );
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { authorization } = request.headers;
    if (authorization === undefined) throw new FailureError({ code: 'client_not_authenticated' });
    const { id, secrets } = basicCredentials(authorization);
    const origin = originOf(request);
    const source = sourceOf(origin.address);
    const isRight = this.isRight(id, secrets);
    if (isRight && !this.isSuspect(source)) return true;

    if (!isRight) this.suspects.set(source, this.clock.now() + SUSPECTED_MS);
    const isClient = this.hashes.has(id);
    const wait = isRight
      ? await this.prove(id, source)
      : (await this.limits.clientGuess(isClient ? id : '', source)).wait;
    if (wait > 0) {
      this.events.record({ event: 'client_authentication', outcome: 'throttled' }, origin);
      await this.pause.wait(watchDisconnect(context));
      throw new FailureError({ code: 'throttled', retryAfter: wait });
    }
    if (isRight) return true;
    const reason = isClient ? 'wrong_secret' : 'unknown_client';
    this.events.record({ event: 'client_authentication', outcome: 'failure', reason }, origin);
    throw new FailureError({ code: 'client_not_authenticated' });
  }

  /**
   * Counts a right secret, and gives it back. Requests of a client that come meanwhile give the same secret, and so are no further guesses: a
   * resource server that asks much at a time would otherwise be locked out by one wrong secret of a neighbour.
   * @returns seconds to wait, 0 for none
   */
  private prove(id: string, source: string): Promise<number> {
    const key = `${id} ${source}`;
    const known = this.proofs.get(key);
    if (known) return known;
    const proof = this.countProof(id, source).finally(() => this.proofs.delete(key));
    this.proofs.set(key, proof);
    return proof;
  }

  private async countProof(id: string, source: string): Promise<number> {
    const { wait, giveBack } = await this.limits.clientGuess(id, source);
    if (wait === 0) await giveBack();
    return wait;
  }

  private isRight(id: string, secrets: readonly string[]): boolean {
    const expected = this.hashes.get(id);
    return expected !== undefined && secrets.some((secret) => timingSafeEqual(digest(secret), expected));
  }

  private isSuspect(source: string): boolean {
    return (this.suspects.get(source) ?? 0) > this.clock.now();
  }
}

/** Secrets are random and long, which a fast hash serves; comparing hashes tells nothing of where they differ. */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** The id, and the secret as it was sent and as it reads if it was form-encoded first, which the RFC asks for and most clients do not do. */
function basicCredentials(authorization: string): { id: string; secrets: string[] } {
  const encoded = /^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1] ?? '';
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  const secret = rest.join(':');
  return { id: formDecoded(id), secrets: [secret, formDecoded(secret)] };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
