// `npm test`: everything, from a fresh clone.
import { build, install, npm, root } from './prepare.js';

process.chdir(root);
install();
build();
npm('exec', '--', 'vitest', 'run', ...process.argv.slice(2));
