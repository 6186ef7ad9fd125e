import { connect, isIP, type Socket } from 'node:net';
import type { PoolOptions } from 'mysql2';
import { ConfigError } from '../config/config.error.js';
import { readSmallFile, UnfitFileError } from '../config/read-file.js';

/** The options of mysql2 for a connection over TLS. */
type TlsOptions = Pick<PoolOptions, 'ssl'> & { readonly stream?: () => Socket };

/**
 * Returns the host of a URL. `URL` keeps the brackets of an IPv6 address, which the resolver does
 * not know.
 */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Returns the options of `?ssl=on`, or none without it. The server must show a certificate for its
 * name. An authority of `?ssl-ca=FILE` must have signed it or, without that file, an authority that
 * Node.js trusts.
 * @throws ConfigError when the file cannot be read
 */
export function tlsOptions(url: URL): TlsOptions {
  if (url.searchParams.get('ssl') !== 'on') return {};
  const file = url.searchParams.get('ssl-ca');
  const ssl = { rejectUnauthorized: true, verifyIdentity: true, ...(file !== null && { ca: certificatesIn(file) }) };
  const host = hostOf(url);
  const port = Number(url.port || 3306);
  return isIP(host) ? { ssl, stream: () => connectToAddress(host, port) } : { ssl };
}

function certificatesIn(file: string): string {
  try {
    return readSmallFile(file);
  } catch (error) {
    const why = error instanceof UnfitFileError ? error.message : 'cannot be read';
    throw new ConfigError(`DATABASE_URL: the file of ssl-ca ${why}`);
  }
}

/**
 * Connects to an address, which TLS does not send as a server name (RFC 6066 section 3). For such a
 * connection Node.js checks the certificate against `_host` of the socket, which is `localhost`
 * unless it is set.
 */
function connectToAddress(host: string, port: number): Socket {
  const socket = connect(port, host);
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  return Object.assign(socket, { _host: host });
}
