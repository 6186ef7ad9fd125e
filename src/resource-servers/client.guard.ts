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

/** How long a source stays suspected after a wrong secret. */
const SUSPECTED_MS = 60_000;
/** How many sources are remembered as suspected. */
const SUSPECTS = 10_000;

/**
 * Admits the clients of `INTROSPECTION_CLIENTS`, which authenticate by HTTP Basic (RFC 6749 section
 * 2.3.1). After a wrong secret, all requests of its source are counted for a minute, so that
 * parallel guesses gain nothing. A right secret from any other source is never counted.
 */
@Injectable()
export class ClientGuard implements CanActivate {
  private readonly hashes: ReadonlyMap<string, Buffer>;
  /** When the suspicion ends, by source. */
  private readonly suspects = new LRUCache<string, number>({ max: SUSPECTS });
  /** Seconds to wait for right secrets that are being counted, by client and source. */
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
      : (await this.limits.countClientGuess(isClient ? id : '', source)).wait;
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
   * Counts a right secret and gives the count back. Parallel requests of the client share one
   * count, because they present the same secret. Otherwise a wrong secret from another machine of
   * the source would lock out a busy resource server.
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
    const { wait, giveBack } = await this.limits.countClientGuess(id, source);
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

/**
 * Hashes a secret. A fast hash is enough for long random secrets. Comparing hashes does not reveal
 * where secrets differ.
 */
function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/**
 * Returns the id, and the secret both as sent and form-decoded. The RFC asks for form-encoding, but
 * most clients omit it.
 */
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
