import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CASES } from './cases.js';
import { type Send, sendTo } from './http.js';
import { type Result, runCases, select, type Selection } from './run.js';
import { tableOf } from './table.js';

const PASSED = 0;
const FAILED = 1;
const MISUSED = 2;

const EXAMPLES = `
Every case makes accounts of its own, whose names begin with "conformance-". A whole run needs at most
100 sign-ups and 30 refused logins, which the default limits of the service allow.

Exit codes: 0 if all cases passed, 1 if some failed, 2 for wrong usage or an unreachable server.

Examples:
  latchkey-conformance http://localhost:3000
  latchkey-conformance https://accounts.example.com --only A --printed`;

interface Options extends Selection {
  readonly json?: boolean;
  readonly timeout: number;
}

/** Where the program writes. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Runs the program, and returns its exit code. */
export async function conformance(args: readonly string[], { out, err }: Output): Promise<number> {
  let code = PASSED;
  const program = new Command('latchkey-conformance')
    .description('Checks over HTTP that a server keeps the two published contracts.')
    .argument('<base-url>', 'the URL before /auth and /user', baseUrl)
    .addOption(new Option('--only <contract>', 'run the cases of one contract').choices(['A', 'B']))
    .option('--printed', 'run only what the pages of the contracts print')
    .option('--json', 'print the results as JSON')
    .option('--timeout <seconds>', 'longest wait for an answer', seconds, 15)
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: out,
      writeErr: err,
      outputError: (text, write) => {
        write(text.replace(/^error:/, 'latchkey-conformance:'));
      },
    })
    .action(async (url: string, options: Options) => {
      code = await check(url, options, { out, err });
    });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? PASSED : MISUSED;
    throw error;
  }
}

async function check(url: string, { json = false, timeout, ...selection }: Options, output: Output): Promise<number> {
  let limited = 0;
  const sendOnce = sendTo(url, timeout * 1000);
  const send: Send = async (...request) => {
    const answer = await sendOnce(...request);
    if (answer.status === 429) limited += 1;
    return answer;
  };
  try {
    await send('GET', '/', {});
  } catch (error) {
    output.err(`latchkey-conformance: cannot reach ${url}: ${(error as Error).message}\n`);
    return MISUSED;
  }
  const results = await runCases(select(CASES, selection), send);
  const failed = results.filter(({ passed }) => !passed).length;
  output.out(json ? jsonOf(url, results) : `${tableOf(results)}\n\n${summaryOf(results.length, failed)}\n`);
  if (limited > 0) output.err(`latchkey-conformance: ${limited} answers were 429, so limits may explain failures\n`);
  return failed === 0 ? PASSED : FAILED;
}

function jsonOf(url: string, results: readonly Result[]): string {
  const failed = results.filter(({ passed }) => !passed).length;
  return `${JSON.stringify({ base_url: url, passed: results.length - failed, failed, results }, null, 2)}\n`;
}

function summaryOf(all: number, failed: number): string {
  return failed === 0 ? `all ${all} cases passed` : `${failed} of ${all} cases failed`;
}

function baseUrl(value: string): string {
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol))
    throw new InvalidArgumentError('It must be an http or https URL.');
  return value;
}

function seconds(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 600)) throw new InvalidArgumentError('It must be a number of seconds up to 600.');
  return number;
}
