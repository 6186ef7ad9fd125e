import type { Socket } from 'node:net';
import { problemDetails } from './problem-details.js';

/** Statuses of what Node's parser gives up on; 400 for the rest. */
const STATUS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Answers what is no request at all, and so has neither route nor reply: by hand, in problem details. */
export function refuseMalformedHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = problemDetails.present({
    code: 'bad_request',
    status: STATUS[error.code ?? ''] ?? 400,
  });
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${(body as { title: string }).title}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
