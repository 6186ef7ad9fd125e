/** Items, the first of them once more until there are a power of two: a few statements to prepare instead of one for each number. */
export function padded<Item>(items: readonly Item[]): Item[] {
  const missing = 2 ** Math.ceil(Math.log2(items.length)) - items.length;
  return [...items, ...items.slice(0, 1).flatMap((first) => new Array<Item>(missing).fill(first))];
}
