/** The arrows of docs/architecture.md, checked by `npm run lint`. */
const allowedFrom = (folder, allowed) => ({
  name: `${folder.replaceAll('/', '-')}-imports`,
  comment: `src/${folder} may import: itself, ${allowed.join(', ')}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [folder, ...allowed].map((name) => `^src/${name}/`) },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['spec\\.ts$', 'ormconfig\\.ts$'] },
      to: {},
    },
    allowedFrom('errors', []),
    allowedFrom('clock', []),
    allowedFrom('config', []),
    allowedFrom('logging', ['config']),
    allowedFrom('docs', []),
    allowedFrom('http', ['config', 'database', 'errors']),
    allowedFrom('database', ['config', 'events', 'keys', 'limits', 'upkeep', 'users']),
    allowedFrom('events', ['clock', 'config', 'database', 'limits']),
    allowedFrom('limits', ['clock', 'config', 'database', 'users']),
    allowedFrom('users', ['clock', 'config', 'database', 'errors']),
    allowedFrom('keys', ['clock', 'config', 'database', 'docs', 'errors', 'events']),
    allowedFrom('startup', ['config', 'database', 'errors', 'keys']),
    allowedFrom('upkeep', ['clock', 'database', 'events', 'keys', 'limits', 'startup', 'users']),
    allowedFrom('health', ['database', 'docs', 'errors', 'startup']),
    allowedFrom('auth', ['clock', 'config', 'docs', 'errors', 'events', 'http', 'keys', 'limits', 'users']),
    {
      name: 'core-knows-no-contract',
      comment: 'Only the module puts the contracts together; the core and each contract know nothing of them.',
      severity: 'error',
      from: {
        path: '^src/auth/',
        pathNot: '^src/auth/(auth-token|user-login|account|oauth)/|^src/auth/auth\\.module\\.ts',
      },
      to: { path: '^src/auth/(auth-token|user-login|account|oauth)/' },
    },
    {
      name: 'contracts-know-not-each-other',
      severity: 'error',
      from: { path: '^src/auth/(auth-token|user-login|account|oauth)/' },
      to: { path: '^src/auth/(auth-token|user-login|account|oauth)/', pathNot: '^src/auth/$1/' },
    },
    {
      name: 'core-knows-no-wire',
      comment: 'Services, passwords and tokens of the core see no request, status or HTTP exception.',
      severity: 'error',
      from: { path: '^src/(users|auth/(passwords|tokens)|auth/[^/]+\\.service\\.ts)' },
      to: { path: '^src/http/|fastify|^src/docs/' },
    },
    {
      name: 'typeorm-below-the-core',
      severity: 'error',
      from: { path: '^src/(auth|http|health|docs|startup)/' },
      to: { path: 'node_modules/(typeorm|@nestjs/typeorm)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
