/**
 * Repeats the first item until the number of items is a power of two. So a few prepared statements
 * serve all numbers of items.
 */
export function padded<Item>(items: readonly Item[]): Item[] {
  const missing = 2 ** Math.ceil(Math.log2(items.length)) - items.length;
  return [...items, ...items.slice(0, 1).flatMap((first) => new Array<Item>(missing).fill(first))];
}

/**
 * Makes the text of a statement once for each number of items, of which {@link padded} leaves few.
 */
export function bySize(textOf: (count: number) => string): (count: number) => string {
  const texts = new Map<number, string>();
  return (count) => {
    const text = texts.get(count) ?? textOf(count);
    texts.set(count, text);
    return text;
  };
}

/** Returns placeholders for `count` values, in parentheses. */
export function placesOf(count: number): string {
  return `(?${', ?'.repeat(count - 1)})`;
}
