/** Returns a question that is answered with yes at most once in `ms` milliseconds. */
export function onceIn(ms: number): () => boolean {
  let latest = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - latest < ms) return false;
    latest = now;
    return true;
  };
}
