import type { FastifyReply } from 'fastify';

export type Headers = Readonly<Record<string, string>>;

/** An answer on the wire. `Content-Type` is `application/json` unless `headers` has another one. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Sends an answer. */
export function send(reply: FastifyReply, { status, headers, body }: Answer): void {
  // The route may have allowed caching of its answers already. A refusal must not be cached.
  void reply
    .status(status)
    .headers({ ...headers, 'Cache-Control': 'no-store' })
    .send(body);
}
