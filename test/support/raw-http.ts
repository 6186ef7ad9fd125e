import { connect } from 'node:net';

/** An answer as read from the socket. Header names are in lower case. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly target: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

/** Longer than any deadline of the service. */
const HANG_MS = 25_000;

/** Returns the bytes of the only request of a connection. Its headers are encoded as Latin-1. */
export function bytesOf({ method = 'GET', target, headers = [], body }: RawRequest): Buffer {
  const content = body === undefined ? undefined : Buffer.from(body as string);
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(content ? [`Content-Length: ${content.length}`] : []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content ?? Buffer.alloc(0)]);
}

type Bytes = string | Uint8Array;

/**
 * Writes bytes to a new connection, and waits until the service closes it.
 * @param end whether to half-close the connection after the bytes
 * @returns all bytes that the service has sent
 */
export function exchange(url: string, bytes: Bytes, { end = false } = {}): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => {
      if (end) socket.end(bytes);
      else socket.write(bytes);
    });
    socket.setTimeout(HANG_MS, () => {
      socket.destroy();
      reject(new Error(`no end of the connection; so far ${JSON.stringify(Buffer.concat(chunks).toString('latin1'))}`));
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // The service may close before it has read everything. The answer still counts.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Buffer.concat(chunks));
    });
  });
}

/** Does the same as {@link exchange}, and parses the answers. Leaves out interim answers (1xx). */
export async function answersTo(url: string, bytes: Bytes, options?: { end: boolean }): Promise<RawAnswer[]> {
  return answersIn(await exchange(url, bytes, options));
}

/** Sends a request and returns its answer. @throws if there is not exactly one answer */
export async function answerTo(url: string, request: RawRequest): Promise<RawAnswer> {
  const received = await exchange(url, bytesOf(request));
  const answers = answersIn(received, request.method === 'HEAD');
  const [answer] = answers;
  if (!answer || answers.length > 1) throw new Error(`${answers.length} answers: ${received.toString('latin1')}`);
  return answer;
}

/** Parses the answers of a connection. @throws if anything is not a complete answer */
function answersIn(received: Buffer, withoutBodies = false): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = received; rest.length > 0;) {
    const end = rest.indexOf('\r\n\r\n');
    const [line = '', ...fields] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${line} `)?.[1]);
    if (end < 0 || !status) throw new Error(`not an answer: ${JSON.stringify(rest.toString('latin1'))}`);
    const headers = new Map(fields.map((field) => [nameOf(field), field.slice(field.indexOf(':') + 1).trim()]));
    if (headers.size < fields.length) throw new Error(`a header twice: ${fields.join('\n')}`);
    const length = withoutBodies || status === 204 || status < 200 ? 0 : Number(headers.get('content-length'));
    const body = rest.subarray(end + 4, end + 4 + length);
    if (body.length !== length) throw new Error(`half an answer: ${JSON.stringify(rest.toString('latin1'))}`);
    if (status >= 200) answers.push({ status, headers, body: body.toString() });
    rest = rest.subarray(end + 4 + length);
  }
  return answers;
}

function nameOf(field: string): string {
  return field.slice(0, field.indexOf(':')).toLowerCase();
}
