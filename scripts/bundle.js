// Brings the compiled service and its packages into a few files: a start spends half of its time on finding and reading two thousand.
import { rolldown } from 'rolldown';

/** Packages with files of their own beside their code: binaries, threads, pages. */
const APART = ['@node-rs/argon2', 'argon2', 'libsql', 'pino', 'swagger-ui-dist'];

const bundle = await rolldown({
  input: { main: 'dist/src/main.js', 'hash-worker': 'dist/src/passwords/worker/hash-worker.js' },
  platform: 'node',
  external: (id) => APART.includes(id),
  // Drivers and adapters that are not installed are asked for when they are needed, which is never.
  onLog: (level, log, handle) => {
    if (log.code !== 'UNRESOLVED_IMPORT') handle(level, log);
  },
  // What decorators do is a side effect, which few packages say of themselves.
  treeshake: false,
  plugins: [
    {
      name: 'one-byte',
      generateBundle(_, files) {
        for (const file of Object.values(files)) if (file.type === 'chunk') file.code = oneByte(file.code);
      },
    },
  ],
});
await bundle.write({ dir: 'dist/bundle', format: 'esm', cleanDir: true });

/**
 * Escapes letters beyond Latin-1: V8 keeps the text of a script with only one such letter in two bytes a letter, as long as the process lives.
 * @param {string} code
 */
function oneByte(code) {
  if (/\\[^\0-\xff]/.test(code)) throw new Error('a letter beyond Latin-1 that is escaped already');
  return code.replace(/[^\0-\xff]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
