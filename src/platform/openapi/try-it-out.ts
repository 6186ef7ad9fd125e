// These functions run in the browser. Swagger UI receives their source text, so each must stand
// alone.

interface Page {
  latchkeyTokens?: { access?: string; refresh?: string };
}

/** Keeps the tokens of an answer. */
export function rememberTokens(response: { obj?: Record<string, string> }) {
  const page = globalThis as Page;
  const body = response.obj ?? {};
  const access = body['access'] ?? body['access_token'];
  const refresh = body['refresh'] ?? body['refresh_token'];
  page.latchkeyTokens = { ...page.latchkeyTokens, ...(access && { access }), ...(refresh && { refresh }) };
  return response;
}

/** Puts the kept tokens where a request has the examples `<access-token>` or `<refresh-token>`. */
export function useRememberedTokens(request: { body?: unknown }) {
  const { access = '<access-token>', refresh = '<refresh-token>' } = (globalThis as Page).latchkeyTokens ?? {};
  if (typeof request.body === 'string')
    request.body = request.body.replace('<access-token>', access).replace('<refresh-token>', refresh);
  return request;
}
