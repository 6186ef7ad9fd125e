/** The API that a request came by. */
export type Contract = 'A' | 'B' | 'account' | 'oauth';

/** Where a request came from. */
export interface Origin {
  /** As the client calls itself, of any length. */
  readonly userAgent: string;
  /** IPv4 or IPv6, empty when it is not known. */
  readonly address: string;
  readonly contract: Contract;
  /** As in the answer's `X-Request-Id` and in the log. */
  readonly requestId: string;
}
