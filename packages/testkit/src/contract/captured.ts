import { originForm } from '../../../../src/platform/http/request/paths.js';
import { type CheckedExchange, type HeaderValues, isJson, mediaTypeOf } from './exchange.js';

type Headers = Readonly<Record<string, string | string[]>>;

/** A request and its answer as a client has captured them. */
export interface Captured {
  readonly method: string;
  /** Absolute, or a path. Either may begin with the path of a tenant. */
  readonly url: string;
  readonly status: number;
  readonly headers?: Headers;
  /** The text of the body, or what its JSON stands for. */
  readonly body?: unknown;
  readonly request?: { readonly headers?: Headers; readonly body?: unknown };
}

const TENANT = /^\/t\/[\w-]{1,64}(?=[/?]|$)/;

/** Returns a captured exchange as the checker reads it. */
export function exchangeOf({ method, url, status, headers = {}, body, request }: Captured): CheckedExchange {
  const requestHeaders = request?.headers && inLowerCase(request.headers);
  return {
    method: method.toUpperCase(),
    url: originForm(originForm(url).replace(TENANT, '')),
    status,
    headers: inLowerCase(headers),
    text: textOf(body),
    ...(requestHeaders && { requestHeaders }),
    requestBody: fieldsOf(request?.body, mediaTypeOf(requestHeaders)),
  };
}

function inLowerCase(headers: Headers): HeaderValues {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function textOf(body: unknown): string {
  if (body === undefined || body === null) return '';
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** Returns the body of a request in its parsed form, as far as its media type tells how. */
function fieldsOf(body: unknown, mediaType: string): unknown {
  if (typeof body !== 'string') return body ?? undefined;
  if (mediaType === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(body));
  if (!isJson(mediaType)) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
