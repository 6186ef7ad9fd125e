/** Returns a function that returns true at most once every `ms` milliseconds. */
export function turnsEvery(ms: number): () => boolean {
  let latest = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - latest < ms) return false;
    latest = now;
    return true;
  };
}
