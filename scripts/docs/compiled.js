/**
 * Returns where a source file was compiled to.
 * @param {string} path below `src`
 */
export function compiled(path) {
  return new URL(`../../dist/src/${path}`, import.meta.url).href;
}
