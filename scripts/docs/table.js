/**
 * Returns a table in Markdown.
 * @param {string[]} head
 * @param {unknown[][]} rows
 */
export function table(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
