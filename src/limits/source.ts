import ipaddr from 'ipaddr.js';

const UNKNOWN = 'unknown';

/**
 * Returns the source of a request: an IPv4 /24 or an IPv6 /64. An attacker with one address of such
 * a network usually has all of them.
 * @param address empty if it is not known; all such requests are one source
 */
export function sourceOf(address: string): string {
  const [plain = ''] = address.split('%', 1);
  if (!ipaddr.isValid(plain)) return UNKNOWN;
  // An IPv4 address over an IPv6 socket is the same client.
  const parsed = ipaddr.process(plain);
  if (parsed.kind() === 'ipv4') return ipaddr.IPv4.networkAddressFromCIDR(`${parsed.toString()}/24`).toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString();
}
