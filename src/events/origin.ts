/** Where a request came from. */
export interface Origin {
  /** The `User-Agent` of the client, of any length. */
  readonly userAgent: string;
  /** IPv4 or IPv6, empty when it is not known. */
  readonly address: string;
  /** The API that the request used, see `Dialect`. */
  readonly contract: string;
  /** As in the answer's `X-Request-Id` and in the log. */
  readonly requestId: string;
}
