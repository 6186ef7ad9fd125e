import type { Schema } from './schema.js';

/** A documented answer. */
export interface DocumentedAnswer {
  readonly status: number;
  readonly description: string;
  readonly schema?: Schema;
  readonly mediaType?: string;
  /** An example of each header that the answer always has. */
  readonly headers?: Readonly<Record<string, string>>;
}
