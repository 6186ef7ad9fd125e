/** Memory in KiB, passes over it, threads. */
export interface Cost {
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** What the process that hashes is asked to do. */
export type HashTask =
  | { readonly kind: 'hash'; readonly password: string; readonly cost: Cost }
  /**
   * `cost`: the present cost. A cheaper hash takes as much work as a hash of this cost, for a right
   * and for a wrong password.
   */
  | { readonly kind: 'verify'; readonly password: string; readonly hash: string; readonly cost: Cost };

/** For `hash` a hash in the PHC string format, for `verify` whether the password is right. */
export type HashResult = string | boolean;

/** Messages to and from the process that hashes. */
export type Request = HashTask & { readonly id: number };
export type Reply = { readonly id: number } & ({ readonly result: HashResult } | { readonly error: string });
/** The first message of the process: the library that it hashes with. */
export interface Hello {
  readonly engine: string;
}
