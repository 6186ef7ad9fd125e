import type { Context } from './context.js';

export type ContractName = 'A' | 'B' | 'across';

/**
 * `printed` cases check what the page of a contract prints, so a server made from the pages alone
 * passes them. `settled` cases check what `docs/reference/contracts.md` settles beyond the pages.
 */
export type Level = 'printed' | 'settled';

/** One claim of the contracts, and how to check it over HTTP. */
export interface Case {
  /** Never changes, so that reports can be compared. */
  readonly id: string;
  readonly contract: ContractName;
  /** The route, or the subject of several routes. */
  readonly section: string;
  /** A sentence about the server, without its subject. */
  readonly title: string;
  readonly level: Level;
  /** @throws Error that says what the server did wrong */
  readonly run: (context: Context) => Promise<void>;
}

type AddCase = (id: string, title: string, run: Case['run']) => Case;

/** Returns functions that make the cases of one section. */
export function section(contract: ContractName, name: string): Record<Level, AddCase> {
  const at =
    (level: Level): AddCase =>
    (id, title, run) => ({ id, contract, section: name, title, level, run });
  return { printed: at('printed'), settled: at('settled') };
}
