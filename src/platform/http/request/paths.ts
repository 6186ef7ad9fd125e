import type { FastifyRequest } from 'fastify';

/** Returns the route that a request has reached, or its decoded path if it has reached none. */
export function routeOf({ routeOptions, url }: FastifyRequest): string {
  return routeOptions.url ?? pathOf(url);
}

/**
 * Returns the decoded path of a request target, without query and fragment.
 * Dot segments and double slashes stay, because the router does not resolve them either.
 */
export function pathOf(target: string): string {
  const path = originForm(target).split(/[?#]/, 1)[0] ?? '';
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/**
 * Returns a request target without the scheme and host that may precede it (RFC 9112 section
 * 3.2.2).
 */
export function originForm(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}

/** Returns a path without its trailing slash. The root stays `/`. */
export function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
