import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemDetailsOf } from './problem.js';

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/**
 * Refuses requests that a foreign page in a browser may have sent. Such a page has another `Origin`
 * than the kit, or a host name that was bound to this machine (DNS rebinding). Swagger UI of the
 * kit has the origin of the kit. A page at another port of this machine does not.
 * @returns whether the request was refused
 */
export function refuseForeignCallers(
  { headers: { host = '', origin } }: IncomingMessage,
  response: ServerResponse,
  hosts: readonly string[],
): boolean {
  const isExpected = LOOPBACK.test(host) || hosts.includes(host.replace(/:\d+$/, '').toLowerCase());
  if (isExpected && (origin === undefined || origin === `http://${host.toLowerCase()}`)) return false;
  const detail = isExpected
    ? 'the control plane takes no Origin but its own'
    : 'the control plane does not know this Host; start the kit with --allow-host';
  response.writeHead(403, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify(problemDetailsOf(403, detail)));
  return true;
}
