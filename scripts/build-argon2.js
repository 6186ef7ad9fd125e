// `npm run build:argon2`: compiles argon2 for this kind of processor. The binary that comes with the package knows SSE2 alone.
// ARGON2_MARCH names the processor, by default x86-64-v3 (AVX2, since 2013), which is what the compiler calls it.
import { root, run } from './prepare.js';

const march = process.env.ARGON2_MARCH ?? (process.arch === 'x64' ? 'x86-64-v3' : undefined);
const flags = ['-O3', ...(march ? [`-march=${march}`] : [])].join(' ');

run('npm', ['rebuild', 'argon2', '--build-from-source', '--foreground-scripts', '--loglevel=error'], {
  cwd: root,
  env: { ...process.env, CFLAGS: flags, CXXFLAGS: flags, npm_config_build_from_source: 'true' },
  shell: process.platform === 'win32',
});
