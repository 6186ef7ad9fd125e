// `npm run docs`: rewrites the pages of docs/reference that are generated from the code.
// With `--check`, it names the stale pages instead.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.js';

process.chdir(root);
install();
build();
const { generatedPages } = await import('./docs/pages.js');
const stale = (await generatedPages()).filter(([path, text]) => contentOf(join(root, path)) !== text);
if (process.argv.includes('--check')) {
  for (const [path] of stale) console.error(`${path} is stale: run npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) writeFileSync(join(root, path), text);
}

/**
 * Returns the content of a file, or nothing if it is missing.
 * @param {string} path
 */
function contentOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
