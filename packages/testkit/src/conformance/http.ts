export interface RequestParts {
  readonly json?: unknown;
  readonly form?: Record<string, string> | [string, string][];
  readonly multipart?: FormData;
  /** A body that is sent unchanged, with its media type. */
  readonly raw?: readonly [mediaType: string, body: string];
  readonly bearer?: string;
  readonly headers?: Record<string, string>;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends a request to the server under test. The cases need nothing else of a server. */
export type Send = (method: string, path: string, request: RequestParts) => Promise<RawAnswer>;

/**
 * Returns a {@link Send} for a server. A request without an answer within `timeoutMs` fails.
 * @throws Error that names the request and says in one line why it got no answer
 */
export function sendTo(baseUrl: string, timeoutMs: number): Send {
  const base = baseUrl.replace(/\/+$/, '');
  return async (method, path, request) => {
    const { body, mediaType } = bodyOf(request);
    const headers: Record<string, string> = { ...request.headers };
    if (mediaType !== undefined) headers['content-type'] = mediaType;
    if (request.bearer !== undefined) headers['authorization'] = `Bearer ${request.bearer}`;
    try {
      const response = await fetch(base + path, {
        method,
        headers,
        // The cases check the answer of the server itself, not the page that it redirects to.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { body }),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      throw new Error(`${method} ${path}: ${reasonOf(error)}`, { cause: error });
    }
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  // `fetch` hides the reason in the cause, which is an AggregateError without a message if a name
  // has several addresses.
  const cause = error.cause as (Error & { code?: string }) | undefined;
  return cause ? cause.message || (cause.code ?? cause.name) : error.message;
}

function bodyOf({ json, form, multipart, raw }: RequestParts): { body?: string | FormData; mediaType?: string } {
  if (raw) return { mediaType: raw[0], body: raw[1] };
  if (form) return { mediaType: 'application/x-www-form-urlencoded', body: new URLSearchParams(form).toString() };
  if (multipart) return { body: multipart };
  return json === undefined ? {} : { mediaType: 'application/json', body: JSON.stringify(json) };
}
