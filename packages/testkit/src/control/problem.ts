import { STATUS_CODES } from 'node:http';

/** A refusal of the control plane, which it answers in problem details (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly statusCode: number,
    message: string,
    readonly errors?: Readonly<Record<string, readonly string[]>>,
  ) {
    super(message);
  }
}

export function problemDetailsOf(status: number, detail: string, errors?: Problem['errors']): object {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...(errors && { errors }) };
}
