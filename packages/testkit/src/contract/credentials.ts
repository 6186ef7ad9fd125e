import { originForm } from '../../../../src/platform/http/request/paths.js';

/** Names of query parameters that hold a credential. */
const NAME =
  /^(?:(?:(?:current|new|old)[-_]?)?password|passwd|pwd|(?:(?:access|refresh|id)[-_]?)?token|access|refresh|jwt|bearer|authorization|(?:client[-_]?)?secret)$/i;

/** A JWT, which begins with `{"` in base64url. */
const JWT = /eyJ[\w-]*\.[\w-]+\.[\w-]*/g;

/** Returns the names of the query parameters that hold a credential. */
export function credentialsIn(url: string): string[] {
  const query = originForm(url).split('#', 1)[0]?.split('?').slice(1).join('?') ?? '';
  const isCredential = ([name, value]: [string, string]) => value !== '' && (NAME.test(name) || value.search(JWT) >= 0);
  return Array.from(new URLSearchParams(query))
    .filter(isCredential)
    .map(([name]) => name);
}

/** Returns a URL without its credentials. */
export function withoutCredentials(url: string): string {
  const shown = credentialsIn(url).length > 0 ? (url.split('?', 1)[0] ?? '') : url;
  return shown.replace(JWT, '[masked]');
}
