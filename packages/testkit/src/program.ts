import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../../../src/platform/config/config.error.js';
import { VERSION } from '../../../src/platform/config/version.js';
import { isSettingName, SETTINGS, type Settings } from './settings.js';
import type { RunningLatchkey } from './start.js';

const FAILED = 1;
const MISUSED = 2;

interface Options {
  readonly port: number;
  readonly host: string;
  readonly allowHost: string[];
  readonly setting: Settings;
  readonly logLevel: string;
  readonly seed?: string;
  readonly readyFile?: string;
  readonly json?: true;
}

/** Where a running kit is, as `--json` and `--ready-file` tell it. */
interface Announcement {
  readonly url: string;
  readonly control: string;
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly pid: number;
}

/** Runs the program until a signal stops it, and returns its exit code. */
export async function main(args: string[]): Promise<number> {
  const program = commandLine();
  try {
    program.parse(args, { from: 'user' });
    await serve(program.opts());
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    console.error(`latchkey-testkit: ${messageOf(error as NodeJS.ErrnoException, program.opts())}`);
    return error instanceof ConfigError ? MISUSED : FAILED;
  }
}

function commandLine(): Command {
  return new Command('latchkey-testkit')
    .description('Serves Latchkey in memory for end-to-end suites, with a control plane beside it.')
    .version(VERSION)
    .option('--port <port>', 'where to listen; 0 takes any free port', portOf, 4010)
    .option('--host <address>', 'the address to listen at', '127.0.0.1')
    .option('--allow-host <name>', 'a host name under which clients reach the control plane; repeatable', append, [])
    .option('--seed <file>', 'accounts of every tenant, as JSON Lines')
    .option('--setting <NAME=VALUE>', 'a setting of the service, such as ACCESS_TOKEN_TTL=60; repeatable', set, {})
    .option('--json', 'print one line of JSON once the kit is ready')
    .option('--ready-file <file>', 'write the same JSON to a file once the kit is ready')
    .addOption(
      new Option('--log-level <level>', 'lowest level that is logged, to standard error')
        .choices(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
        .default('error'),
    )
    .allowExcessArguments(false)
    .exitOverride()
    .showHelpAfterError('(--help lists the options)')
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error:/, 'latchkey-testkit:'));
      },
    });
}

async function serve(options: Options): Promise<void> {
  const { port, host, allowHost: hosts, setting: settings, logLevel, seed: seedFile, readyFile } = options;
  // Only here, so that help is fast.
  const [{ readSeedFile }, { startLatchkey }] = await Promise.all([import('./seed-file.js'), import('./start.js')]);
  const stopped = nextSignal();
  // A file of an earlier run would tell that this run is ready.
  if (readyFile !== undefined) rmSync(readyFile, { force: true });
  const seed = seedFile === undefined ? [] : readSeedFile(seedFile);
  const kit = await startLatchkey({ port, host, hosts, settings, logLevel, seed });
  try {
    announce(kit, options);
    await stopped;
  } finally {
    await kit.stop();
  }
}

/** Resolves at the first signal to stop. A second signal ends the process at once. */
function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        resolve();
      });
  });
}

function announce({ url }: RunningLatchkey, { json, readyFile }: Options): void {
  const announcement: Announcement = {
    url,
    control: `${url}/_test/v1`,
    issuer: url,
    jwks_uri: `${url}/.well-known/jwks.json`,
    pid: process.pid,
  };
  const line = `${JSON.stringify(announcement)}\n`;
  if (readyFile !== undefined) writeWhole(readyFile, line);
  process.stdout.write(json ? line : friendly(announcement));
}

function friendly({ url, control }: Announcement): string {
  return `
Latchkey's test kit serves at ${url}
Swagger UI:                   ${url}/docs
Control plane:                ${control}

All data is in memory, and ends with this program. Press Ctrl+C to stop.
`;
}

/** Writes a file so that no reader sees a part of it. */
function writeWhole(path: string, text: string): void {
  const part = `${path}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, path);
}

function messageOf({ code, message }: NodeJS.ErrnoException, { host, port }: Options): string {
  if (code === 'EADDRINUSE') return `port ${port} is in use; choose another with --port, or 0 for any free port`;
  if (code === 'EACCES' && port < 1024) return `this user may not listen at port ${port}; choose one above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `--host ${host} is not an address of this machine`;
  return message;
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be from 0 to 65535.');
  return port;
}

function append(item: string, items: readonly string[]): string[] {
  return [...items, item.toLowerCase()];
}

function set(text: string, settings: Settings): Settings {
  const [name = '', ...value] = text.split('=');
  if (value.length === 0) throw new InvalidArgumentError('It must be NAME=VALUE.');
  if (!isSettingName(name)) throw new InvalidArgumentError(`The names are ${SETTINGS.join(', ')}.`);
  return { ...settings, [name]: value.join('=') };
}
