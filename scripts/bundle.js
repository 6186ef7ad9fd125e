// Bundles the compiled service, its command line and their packages into a few files. A start would
// spend half of its time on finding and reading two thousand files.
import { chmodSync, readFileSync } from 'node:fs';
import { rolldown } from 'rolldown';

/** Packages with files of their own beside their code: binaries, threads, pages. */
const EXTERNAL = ['@node-rs/argon2', 'argon2', 'libsql', 'pino', 'swagger-ui-dist'];

const bundle = await rolldown({
  input: {
    main: 'dist/src/main.js',
    latchkey: 'dist/src/cli/main.js',
    'hash-worker': 'dist/src/passwords/worker/hash-worker.js',
  },
  platform: 'node',
  external: (id) => EXTERNAL.includes(id),
  // Nest and TypeORM import drivers and adapters that are not installed only where they are used.
  onLog: (level, log, handle) => {
    if (log.code !== 'UNRESOLVED_IMPORT') handle(level, log);
  },
  // Decorators have side effects, which few packages declare.
  treeshake: false,
  plugins: [
    {
      name: 'manifest-without-scripts',
      load: {
        filter: { id: /[\\/]dist[\\/]package\.json$/ },
        handler: (id) => {
          const { name, version } = JSON.parse(readFileSync(id, 'utf8'));
          return { code: JSON.stringify({ name, version }), moduleType: 'json' };
        },
      },
    },
    {
      name: 'source-maps-of-typescript',
      load: {
        filter: { id: /[\\/]dist[\\/]src[\\/].*\.js$/ },
        handler: (id) => ({ code: readFileSync(id, 'utf8'), map: readFileSync(`${id}.map`, 'utf8') }),
      },
    },
  ],
});
await bundle.write({ dir: 'dist/bundle', format: 'esm', cleanDir: true, sourcemap: true });
chmodSync('dist/bundle/latchkey.js', 0o755);
