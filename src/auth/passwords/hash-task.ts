/** Memory in KiB, passes over it, threads. */
export interface Cost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** One turn of the queue. */
export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly cost: Cost }
  /** `topUp`: the work to be spent if the password is wrong, so that a cheap hash takes as long as one of the present cost. */
  | { readonly kind: 'verify'; readonly password: string; readonly hash: string; readonly topUp?: Cost };

/** A hash in the PHC string format, or whether the password is the one of the hash. */
export type HashResult = string | boolean;

/** What goes to the process that hashes, and what comes back. */
export type Request = HashTask & { readonly id: number };
export type Reply = { readonly id: number } & ({ readonly result: HashResult } | { readonly error: string });
