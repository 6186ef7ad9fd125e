import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemDetailsOf } from './problem.js';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/**
 * Refuses requests that a page in a browser may have sent: those with an `Origin`, and those under
 * a host name that may have been bound to this machine (DNS rebinding). Swagger UI of the kit sends
 * its own origin, which is let through.
 * @returns whether the request was refused
 */
export function refuseForeignCallers(
  { headers: { host = '', origin } }: IncomingMessage,
  response: ServerResponse,
  hosts: readonly string[],
): boolean {
  const isExpected = LOOPBACK.test(host) || hosts.includes(host.replace(/:\d+$/, '').toLowerCase());
  if (isExpected && origin === undefined) return false;
  const detail = isExpected ? 'the control plane takes no Origin' : 'the control plane does not know this Host';
  response.writeHead(403, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify(problemDetailsOf(403, detail)));
  return true;
}
