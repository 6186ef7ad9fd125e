// `npm run keys -- list|rotate|retire KID`: the signing keys, by the configuration of the environment.
import { build, install, root } from './prepare.js';

process.chdir(root);
install();
build();

await import(new URL('../dist/src/cli/keys.cli.js', import.meta.url).href);
