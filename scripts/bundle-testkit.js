// Bundles the test kit with the service that it composes into packages/testkit/dist, which the
// package ships, and writes the declarations of its entries.
import { existsSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import ts from 'typescript';
import { root } from './prepare.js';

/** The files of packages/testkit/src that the package offers as `.`, `./NAME` or a program. */
const ENTRIES = ['index', 'main', 'playwright', 'vitest', 'cypress', 'conformance/main'];

/** Packages with files of their own beside their code: binaries, threads, pages. */
const NATIVE = ['@node-rs/argon2', 'argon2', 'libsql', 'pino', 'swagger-ui-dist'];
/** Packages of the suite under which the kit runs. */
const PEERS = ['@playwright/test', 'cypress', 'vitest'];
const EXTERNAL = new RegExp(`^(${[...NATIVE, ...PEERS].join('|')})(/|$)`);

const DRIVERS = [
  ...['aurora-mysql', 'aurora-postgres', 'capacitor', 'cockroachdb', 'cordova', 'expo', 'mongodb', 'mysql'],
  ...['nativescript', 'oracle', 'postgres', 'react-native', 'sap', 'spanner', 'sqljs', 'sqlserver'],
];
/**
 * What the kit has no use for and would read at each start: clients and drivers of other databases,
 * telephone numbers, and exports that TypeORM 1 no longer has, for which Nest's module would load
 * TypeORM a second time.
 */
const UNUSED = [
  ...['mysql2/.*', 'libphonenumber-js/.*', `typeorm/driver/(${DRIVERS.join('|')})/.*`],
  '@nestjs/typeorm/dist/common/typeorm-compat',
];
const ABSENT = new RegExp(`/node_modules/(${UNUSED.join('|')})\\.c?js$`.replaceAll('/', '[\\\\/]'));
/** What stands in place of an absent module, with the names that others import from it. */
const NOTHING = 'export const Connection = undefined, AbstractRepository = undefined; export default {};';

const kit = join(root, 'packages/testkit');
const sources = join(kit, 'src');
const dist = join(kit, 'dist');
const entries = ENTRIES.filter((name) => existsSync(join(sources, `${name}.ts`)));

rmSync(dist, { recursive: true, force: true });
await bundle();
declareEntries();

/** Bundles the sources into the folder `dist`. The types are checked by `npm run lint`. */
async function bundle() {
  const bundled = await rolldown({
    input: Object.fromEntries(entries.map((name) => [name, join(sources, `${name}.ts`)])),
    tsconfig: join(root, 'tsconfig.json'),
    platform: 'node',
    external: (id) => EXTERNAL.test(id),
    // Nest and TypeORM import drivers and adapters that are not installed only where they are used.
    onLog: (level, log, handle) => {
      if (log.code !== 'UNRESOLVED_IMPORT') handle(level, log);
    },
    // Decorators have side effects, which few packages declare.
    treeshake: { moduleSideEffects: true },
    plugins: [
      {
        name: 'absent-modules',
        load: {
          filter: { id: ABSENT },
          handler: (id) => (id.endsWith('.cjs') ? 'module.exports = {};' : NOTHING),
        },
      },
      {
        name: 'ascii',
        // Node reads and compiles a text of one byte a character in half the time.
        generateBundle: (_options, files) => {
          for (const file of Object.values(files)) if (file.type === 'chunk') file.code = asciiOf(file.code);
        },
      },
    ],
  });
  await bundled.write({
    dir: dist,
    format: 'esm',
    chunkFileNames: 'chunks/[name]-[hash].js',
    // Node reads half as much. Nest and TypeORM need the names of classes.
    minify: { compress: false, mangle: false, codegen: true },
  });
}

/**
 * Escapes what is not ASCII. Such characters are in texts and patterns only, since the minifier has
 * removed comments.
 * @param {string} code
 */
function asciiOf(code) {
  return code.replaceAll(/[^\0-\x7F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Writes the declarations of the entries, and of the files that those import. */
function declareEntries() {
  const path = join(root, 'tsconfig.json');
  const { config, error } = ts.readConfigFile(path, ts.sys.readFile);
  if (error) fail([error]);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const program = ts.createProgram(
    entries.map((name) => join(sources, `${name}.ts`)),
    { ...options, declaration: true, emitDeclarationOnly: true },
  );
  /** @type {Set<string>} */
  const declared = new Set();
  for (const name of entries) declare(program, join(sources, `${name}.ts`), declared);
}

/**
 * Writes the declarations of a file and of the files that it imports to `dist`.
 * @param {ts.Program} program
 * @param {string} path
 * @param {Set<string>} declared the files that are written
 */
function declare(program, path, declared) {
  if (declared.has(path)) return;
  declared.add(path);
  if (relative(sources, path).startsWith('..'))
    throw new Error(`the declarations of the test kit reach ${relative(root, path)}, which it does not ship`);
  const source = program.getSourceFile(path);
  if (!source) throw new Error(`there is no ${relative(root, path)}`);
  fail(program.getDeclarationDiagnostics(source));
  let text = '';
  const keep = (/** @type {string} */ _name, /** @type {string} */ written) => {
    text = written;
  };
  program.emit(source, keep, undefined, true);
  ts.sys.writeFile(join(dist, relative(sources, path)).replace(/\.ts$/, '.d.ts'), text);
  for (const { fileName } of ts.preProcessFile(text).importedFiles)
    if (fileName.startsWith('.')) declare(program, resolve(dirname(path), fileName.replace(/\.js$/, '.ts')), declared);
}

/** @param {readonly ts.Diagnostic[]} diagnostics */
function fail(diagnostics) {
  if (diagnostics.length === 0) return;
  console.error(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => root,
      getNewLine: () => '\n',
    }),
  );
  process.exit(1);
}
