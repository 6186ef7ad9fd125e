import { HttpException } from '@nestjs/common';
import { isStoreUnavailable } from '../../database/store-errors.js';
import { type Failure, UNAVAILABLE } from '../../errors/failure.js';
import { FailureError } from '../../errors/failure.error.js';

/** Returns what a thrown value means to the client. An unforeseen value is `internal`. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof FailureError) return thrown.failure;
  const status = clientErrorStatus(thrown);
  if (status === 404) return { code: 'not_found' };
  if (status === 413) return { code: 'payload_too_large' };
  if (status === 415) return { code: 'unsupported_media_type' };
  if (status !== undefined) return { code: 'bad_request', status };
  if (isStoreUnavailable(thrown)) return UNAVAILABLE;
  return { code: 'internal' };
}

/**
 * Returns the status of a framework error that blames the request.
 * Nest's exceptions carry `getStatus()`, Fastify's `statusCode`.
 */
function clientErrorStatus(thrown: unknown): number | undefined {
  const status: unknown =
    thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
