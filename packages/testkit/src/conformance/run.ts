import type { Case, ContractName, Level } from './case.js';
import { Context } from './context.js';
import type { Send } from './http.js';

export interface Result {
  readonly id: string;
  readonly contract: ContractName;
  readonly section: string;
  readonly title: string;
  readonly level: Level;
  readonly passed: boolean;
  /** What the server did wrong. Empty if the case passed. */
  readonly message: string;
}

/** Which cases run. Without a choice, all of them do. */
export interface Selection {
  /** One contract alone, without the cases that need both. */
  readonly only?: 'A' | 'B';
  /** Leaves out what the pages of the contracts do not print. */
  readonly printed?: boolean;
}

export function select(cases: readonly Case[], { only, printed = false }: Selection): Case[] {
  return cases.filter(
    ({ contract, level }) => (only === undefined || contract === only) && (!printed || level === 'printed'),
  );
}

/** Runs cases one after the other, so that a shared server has one request of them at a time. */
export async function runCases(cases: readonly Case[], send: Send): Promise<Result[]> {
  const context = new Context(send);
  const results: Result[] = [];
  for (const { run, ...described } of cases) {
    const message = await run(context).then(() => '', String);
    results.push({ ...described, passed: message === '', message: message.replace(/^Error: /, '') });
  }
  return results;
}
