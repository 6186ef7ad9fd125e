/**
 * Both functions run in the browser. Swagger UI receives their source text, so each must stand
 * alone. The first keeps the tokens of each answer. The second puts them where an example says
 * `<access-token>` or `<refresh-token>`.
 */

interface Page {
  latchkeyTokens?: { access?: string; refresh?: string };
}

export function rememberTokens(response: { obj?: Record<string, string> }) {
  const page = globalThis as Page;
  const body = response.obj ?? {};
  const access = body['access'] ?? body['access_token'];
  const refresh = body['refresh'] ?? body['refresh_token'];
  page.latchkeyTokens = { ...page.latchkeyTokens, ...(access && { access }), ...(refresh && { refresh }) };
  return response;
}

export function useRememberedTokens(request: { body?: unknown }) {
  const { access = '<access-token>', refresh = '<refresh-token>' } = (globalThis as Page).latchkeyTokens ?? {};
  if (typeof request.body === 'string')
    request.body = request.body.replace('<access-token>', access).replace('<refresh-token>', refresh);
  return request;
}
