/**
 * Returns the URL of a compiled source file.
 * @param {string} path below `src`
 */
export function compiled(path) {
  return new URL(`../../dist/src/${path}`, import.meta.url).href;
}
