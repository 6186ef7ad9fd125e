// `npm test`: all suites but those on clusters, from a fresh clone.
import { build, install, npm, root } from './prepare.js';

process.chdir(root);
install();
build();
const asked = process.argv.slice(2);
const isProjectAsked = asked.some((argument) => argument.startsWith('--project'));
npm('exec', '--', 'vitest', 'run', ...(isProjectAsked ? [] : ['--project=!cluster']), ...asked);
