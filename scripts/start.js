// `npm start`: from a fresh clone to a running service.
import { build, install, root } from './prepare.js';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node 20.19 or later is needed; this is ${process.versions.node}`);
  process.exit(1);
}

process.chdir(root);
install();
build();

/** @type {{ url: string }} */
const { url } = await import(new URL('../dist/bundle/main.js', import.meta.url).href);

console.log(`
Latchkey serves at ${url}
Swagger UI:        ${url}/docs
A first request:   curl -s ${url}/auth/register -H 'Content-Type: application/json' -d '{"username":"alice","password":"correct horse battery staple"}'
`);
