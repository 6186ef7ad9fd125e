/** Headers by their names in lower case. */
export type HeaderValues = Readonly<Record<string, string | string[] | number | undefined>>;

/** The part of a request and its answer that the checker reads. */
export interface CheckedExchange {
  readonly method: string;
  /** The path with its query, below the base URL of the service. */
  readonly url: string;
  readonly status: number;
  readonly headers: HeaderValues;
  readonly text: string;
  /** Default: unknown. */
  readonly requestHeaders?: HeaderValues;
  /** The parsed body; undefined for none, or for an unknown one. */
  readonly requestBody?: unknown;
}

/** Returns the media type of a body in lower case, without parameters; empty if there is none. */
export function mediaTypeOf(headers: HeaderValues = {}): string {
  return (String(headers['content-type'] ?? '').split(';')[0] ?? '').trim().toLowerCase();
}

export function isJson(mediaType: string): boolean {
  return /[/+]json$/.test(mediaType);
}
