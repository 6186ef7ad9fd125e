// `npm run latchkey -- ...`: the command line, from a fresh clone.
import { build, install, root } from './prepare.js';

process.chdir(root);
install();
build();

await import(new URL('../dist/bundle/latchkey.js', import.meta.url).href);
