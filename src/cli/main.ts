#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VERSION } from '../platform/config/version.js';
import { addKeysCommand } from './keys.command.js';

const FAILED = 1;
const MISUSED = 2;

/**
 * Functions that add commands. Each imports the service only in the actions of its commands, so
 * that help is fast.
 */
const COMMANDS: readonly ((program: Command) => void)[] = [addKeysCommand];

/** Runs the command line, and returns its exit code. */
async function main(args: string[]): Promise<number> {
  const program = new Command('latchkey')
    .description('Operates a Latchkey service, with the configuration of the environment.')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError()
    .configureOutput({
      outputError: (text, write) => {
        write(text.replace(/^error:/, 'latchkey:'));
      },
    });
  for (const addCommands of COMMANDS) addCommands(program);
  try {
    await program.parseAsync(endOptionsBeforeKeyId(args), { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    console.error(`latchkey: ${(error as Error).message}`);
    return FAILED;
  }
}

/** Returns the arguments with `--` before a key id, since one in 64 begins with a dash. */
function endOptionsBeforeKeyId(args: string[]): string[] {
  const at = args.findIndex((arg) => /^-[\w-]{42}$/.test(arg));
  return at === -1 ? args : [...args.slice(0, at), '--', ...args.slice(at)];
}

process.exitCode = await main(process.argv.slice(2));
