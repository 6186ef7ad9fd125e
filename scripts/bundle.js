// Brings the compiled service and its packages into a few files: a start spends half of its time on finding and reading two thousand.
import { rolldown } from 'rolldown';

/** Packages with files of their own beside their code: binaries, threads, pages. */
const APART = ['argon2', 'libsql', 'pino', 'swagger-ui-dist'];

const bundle = await rolldown({
  input: { main: 'dist/src/main.js', 'hash-worker': 'dist/src/auth/passwords/hash-worker.js' },
  platform: 'node',
  external: (id) => APART.includes(id),
  // Drivers and adapters that are not installed are asked for when they are needed, which is never.
  onLog: (level, log, handle) => {
    if (log.code !== 'UNRESOLVED_IMPORT') handle(level, log);
  },
  // What decorators do is a side effect, which few packages say of themselves.
  treeshake: false,
});
await bundle.write({ dir: 'dist/bundle', format: 'esm', cleanDir: true });
