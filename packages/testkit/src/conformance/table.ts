import type { Result } from './run.js';

const HEADINGS = ['id', 'section', 'title', 'result', 'message'];

/** Returns results as a table of plain text. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map(({ id, contract, section, title, passed, message }) => [
    id,
    contract === 'across' ? section : `${contract} ${section}`,
    title,
    passed ? 'passed' : 'FAILED',
    message,
  ]);
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  // The message is last, so its length does not widen the table.
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
