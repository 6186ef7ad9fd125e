/** Memory in KiB, passes over it, threads. */
export interface Cost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** One turn of the queue. */
export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly cost: Cost }
  /** `cost`: the present cost. A cheaper hash takes as much work as one of this cost, whatever the result. */
  | { readonly kind: 'verify'; readonly password: string; readonly hash: string; readonly cost: Cost };

/** A hash in the PHC string format, or whether the password is the one of the hash. */
export type HashResult = string | boolean;

/** What goes to the process that hashes, and what comes back. */
export type Request = HashTask & { readonly id: number };
export type Reply = { readonly id: number } & ({ readonly result: HashResult } | { readonly error: string });
/** The first message of the process: the library that it hashes with. */
export interface Hello {
  readonly engine: string;
}
