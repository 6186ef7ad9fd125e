/**
 * Repeats the first item until there are a power of two, so that a few prepared statements do for
 * all numbers of items.
 */
export function padded<Item>(items: readonly Item[]): Item[] {
  const missing = 2 ** Math.ceil(Math.log2(items.length)) - items.length;
  return [...items, ...items.slice(0, 1).flatMap((first) => new Array<Item>(missing).fill(first))];
}

/**
 * Makes the text of a statement once for each number of items. For the few numbers that {@link
 * padded} leaves.
 */
export function bySize(textOf: (count: number) => string): (count: number) => string {
  const texts = new Map<number, string>();
  return (count) => {
    const text = texts.get(count) ?? textOf(count);
    texts.set(count, text);
    return text;
  };
}

/** Returns the places of this many values, for `IN`. */
export function placesOf(count: number): string {
  return `(?${', ?'.repeat(count - 1)})`;
}
