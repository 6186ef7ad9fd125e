/**
 * The floors of docs/explanation/architecture.md, which `npm run lint` checks. Arrows run down. One
 * line for each folder says what the folder may import.
 */

const CORE = ['identity', 'sessions', 'passwords'];
const SERVICES = ['keys', 'events', 'limits', 'users', 'jobs', 'startup'];
const PLATFORM = 'platform/[^/]+';

const arrows = {
  // Edges: what comes in. An edge may use the guards and decorators of `auth`, and no controller of
  // another edge.
  boot: ['app\\.module', 'auth/contract', 'resource-servers/oauth\\.dialect', 'management', ...SERVICES, PLATFORM],
  cli: ['app\\.module', ...CORE, ...SERVICES, PLATFORM],
  auth: [...CORE, 'events', 'users', PLATFORM],
  account: ['auth/(guards|decorators)', ...CORE, 'events', 'users', PLATFORM],
  'resource-servers': ['auth/(guards|decorators)', 'sessions', 'keys', 'events', 'limits', PLATFORM],
  management: ['startup', PLATFORM],
  // Core: rules, no HTTP.
  identity: ['sessions', 'passwords', 'events', 'limits', 'users', 'platform/(clock|config|errors|logging)'],
  sessions: ['keys', 'events', 'jobs', 'users', 'platform/(clock|config|database|errors|logging)'],
  passwords: ['limits', 'users', 'platform/(clock|config|errors|logging)'],
  // Services under the core.
  startup: ['jobs', 'keys', 'platform/(config|database|errors)'],
  keys: ['events', 'jobs', 'platform/(clock|config|database|errors)'],
  events: ['limits', 'jobs', 'platform/(clock|config|database|errors)'],
  limits: ['jobs', 'users', 'platform/(clock|config|database)'],
  users: ['platform/(clock|config|database|errors)'],
  jobs: ['platform/(clock|config|database)'],
  // Platform: knows no feature.
  'platform/openapi': ['platform/(errors|http)'],
  'platform/http': ['platform/(config|database|errors)'],
  'platform/schema': ['platform/database'],
  'platform/database': ['platform/config'],
  'platform/logging': ['platform/config'],
  'platform/errors': [],
  'platform/clock': [],
  'platform/config': [],
};

/** @param {string} folder @param {string[]} allowed */
const importsOf = (folder, allowed) => ({
  name: `${folder.replaceAll('/', '-')}-imports`,
  comment: `src/${folder} may import itself, ${allowed.join(', ') || 'and nothing else'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [folder, ...allowed].map((name) => `^src/${name}[./]`) },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circular-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['spec\\.ts$', 'ormconfig\\.ts$'] },
      to: {},
    },
    ...Object.entries(arrows).map(([folder, allowed]) => importsOf(folder, allowed)),
    {
      name: 'every-folder-has-its-line',
      comment: 'A new folder of src gets a line above.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: Object.keys(arrows).map((folder) => `^src/${folder}/`) },
      to: {},
    },
    {
      name: 'contracts-are-independent',
      severity: 'error',
      from: { path: '^src/auth/contracts/([^/]+)/' },
      to: { path: '^src/auth/contracts/', pathNot: '^src/auth/contracts/$1/' },
    },
    {
      name: 'only-the-registry-imports-contracts',
      comment: 'src/auth/contracts.ts registers each contract; nothing else imports one.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/auth/contracts/|^src/auth/contracts\\.ts$' },
      to: { path: '^src/auth/contracts/' },
    },
    {
      name: 'core-knows-no-http',
      severity: 'error',
      from: { path: `^src/(${[...CORE, ...SERVICES].join('|')})/`, pathNot: '^src/startup/' },
      to: { path: '^src/platform/(http|openapi)/|fastify|^(node:)?https?$' },
    },
    {
      name: 'typeorm-below-the-core',
      severity: 'error',
      from: {
        path: '^src/(boot|cli|auth|account|resource-servers|management|identity|passwords|platform/(http|openapi))/',
      },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
    },
    {
      name: 'no-workspace-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(packages|bench|test|scripts)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
