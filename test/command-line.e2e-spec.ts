import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

const PROGRAMS = {
  'as compiled': fileURLToPath(new URL('../dist/src/cli/main.js', import.meta.url)),
  'as bundled': fileURLToPath(new URL('../dist/bundle/latchkey.js', import.meta.url)),
};

/** Fails the program as soon as it imports the framework, the database's client or the service. */
const REFUSE_SERVICE = `export function resolve(specifier, context, next) {
  if (/@nestjs|typeorm|app\\.module|with-service/.test(specifier)) throw new Error('loads ' + specifier);
  return next(specifier, context);
}`;
const dataUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
const HOOKS = dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(dataUrl(REFUSE_SERVICE))});`);

/**
 * Runs the command line without the service, over a configuration that the service would refuse.
 */
async function latchkey(program: string, ...args: string[]) {
  const options = { env: { PORT: 'none' } };
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', HOOKS, program, ...args],
      options,
    );
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe.each(Object.entries(PROGRAMS))('The command line, %s', (_, program) => {
  it.each([
    [['--help'], 'Usage: latchkey [options] [command]'],
    [['help'], 'Usage: latchkey [options] [command]'],
    [['keys', '--help'], 'Usage: latchkey keys [options] [command]'],
    [['keys', 'retire', '--help'], 'Usage: latchkey keys retire [options] <kid>'],
  ])('prints help without loading the service: %s', async (args, usage) => {
    const { code, stdout, stderr } = await latchkey(program, ...args);
    expect([code, stdout.split('\n')[0], stderr]).toEqual([0, usage, '']);
  });

  it('prints its version', async () => {
    expect(await latchkey(program, '--version')).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it.each([
    [[], 'latchkey'],
    [['nothing'], 'latchkey'],
    [['--nothing'], 'latchkey'],
    [['keys'], 'latchkey keys'],
    [['keys', 'nothing'], 'latchkey keys'],
    [['keys', 'list', 'x'], 'latchkey keys list'],
    [['keys', 'rotate', '--force'], 'latchkey keys rotate'],
    [['keys', 'retire'], 'latchkey keys retire'],
    [['keys', 'retire', 'a', 'b'], 'latchkey keys retire'],
  ])('exits with 2 and the usage for what it does not understand: %s', async (args, command) => {
    const { code, stdout, stderr } = await latchkey(program, ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`Usage: ${command} [options]`);
  });

  it('exits with 1 and one line for an error', async () => {
    const { code, stdout, stderr } = await latchkey(program, 'keys', 'list');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^latchkey: loads .*with-service.*\n$/);
  });
});
