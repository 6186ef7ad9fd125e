// `npm run docs`: rewrites the pages of docs/reference that are generated from the code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, install, root } from './prepare.js';

process.chdir(root);
install();
build();
const { generatedPages } = await import('./docs/pages.js');
for (const [path, text] of await generatedPages()) writeFileSync(join(root, path), text);
