// `npm run build:argon2`: compiles argon2 for the processor of this machine. The binary that comes with the package knows SSE2 alone.
// ARGON2_MARCH names another one as the compiler calls it, such as x86-64-v3 (AVX2, since 2013); empty: any.
import { root, run } from './prepare.js';

const march = process.env.ARGON2_MARCH ?? (process.arch === 'x64' ? 'native' : '');
const flags = ['-O3', ...(march ? [`-march=${march}`] : [])].join(' ');

run('npm', ['rebuild', 'argon2', '--build-from-source', '--foreground-scripts', '--loglevel=error'], {
  cwd: root,
  env: { ...process.env, CFLAGS: flags, CXXFLAGS: flags, npm_config_build_from_source: 'true' },
  shell: process.platform === 'win32',
});
