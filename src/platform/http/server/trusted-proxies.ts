import { BlockList, isIP } from 'node:net';

/** Knows the proxies of `TRUST_PROXY`. */
export class TrustedProxies {
  private readonly networks = new BlockList();

  /** @param networks addresses, or networks such as `192.0.2.0/24` */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', bits] = network.split('/');
      const family = familyOf(address);
      if (bits === undefined) this.networks.addAddress(address, family);
      else this.networks.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.networks.check(address, familyOf(address));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
