import { HttpException } from '@nestjs/common';
import { isStoreUnavailable } from '../../database/store-errors.js';
import type { Failure } from '../../errors/failure.js';
import { FailureError } from '../../errors/failure.error.js';

/** Seconds after which a client may ask again while the store is away. */
const RETRY_AFTER = 2;

/** What a thrown thing means to the client. Whatever was not foreseen is `internal`. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof FailureError) return thrown.failure as Failure;
  const status = clientErrorStatus(thrown);
  if (status === 404) return { code: 'not_found' };
  if (status === 413) return { code: 'payload_too_large' };
  if (status === 415) return { code: 'unsupported_media_type' };
  if (status !== undefined) return { code: 'bad_request', status };
  if (isStoreUnavailable(thrown)) return { code: 'unavailable', retryAfter: RETRY_AFTER };
  return { code: 'internal' };
}

/** Status of an error of the framework that blames the request: Nest's exceptions carry `getStatus()`, Fastify's `statusCode`. */
function clientErrorStatus(thrown: unknown): number | undefined {
  const status: unknown =
    thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
