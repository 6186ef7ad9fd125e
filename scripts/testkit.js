// `npm run testkit -- ...`: the test kit, from a fresh clone.
import { buildTestkit, install } from './prepare.js';

install();
buildTestkit();

await import(new URL('../packages/testkit/dist/main.js', import.meta.url).href);
