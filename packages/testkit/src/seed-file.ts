import { readFileSync } from 'node:fs';
import { ConfigError } from '../../../src/platform/config/config.error.js';
import { nameProblems, normalizeNames } from '../../../src/users/account-names.js';
import type { AccountInput } from './client/latchkey.js';

/** A seed file that cannot be used. The message names the file and the line. */
export class SeedError extends ConfigError {}

const MEMBERS: Readonly<Record<keyof AccountInput, 'string' | 'boolean'>> = {
  username: 'string',
  password: 'string',
  password_hash: 'string',
  email: 'string',
  first_name: 'string',
  last_name: 'string',
  disabled: 'boolean',
  id: 'string',
};

/**
 * Reads the accounts of a seed file, one JSON object a line. Empty lines are skipped.
 * @throws SeedError that names the first line that is not an account
 */
export function readSeedFile(path: string): AccountInput[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new SeedError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  const taken = new Map<string, number>();
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const number = i + 1;
    const { request, problem } = readAccount(line);
    if (!request) throw new SeedError(`${path}: line ${number}: ${problem}`);
    for (const key of keysOf(request)) {
      const other = taken.get(key);
      if (other !== undefined) throw new SeedError(`${path}: line ${number}: has a name of line ${other}`);
      taken.set(key, number);
    }
    return [request];
  });
}

type Read = { request: AccountInput; problem?: never } | { request?: never; problem: string };

function readAccount(line: string): Read {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { problem: 'is not JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'must be an object' };
  for (const [name, member] of Object.entries(value)) {
    const type = Object.hasOwn(MEMBERS, name) && MEMBERS[name as keyof AccountInput];
    if (!type) return { problem: `has the unknown member ${JSON.stringify(name)}` };
    if (typeof member !== type) return { problem: `${name} must be a ${type}` };
  }
  const request = value as AccountInput;
  const { password, password_hash: hash } = request;
  if (password !== undefined && hash !== undefined) return { problem: 'has both password and password_hash' };
  if (hash !== undefined && !/^\$argon2(id|i|d)\$/.test(hash))
    return { problem: 'password_hash must be an argon2 hash in the PHC string format' };
  const [field] = Object.keys(nameProblems(namesOf(request)));
  return field === undefined ? { request } : { problem: `the service does not accept its ${field}` };
}

/** Returns the keys of the names that no other account may have. */
function keysOf(request: AccountInput): string[] {
  const { usernameKey, emailKey } = namesOf(request);
  const names = [...new Set([request.username === undefined ? null : usernameKey, emailKey])];
  return names.filter((key) => key !== null);
}

function namesOf({ username = 'made-up', email, first_name: firstName = '', last_name: lastName = '' }: AccountInput) {
  return normalizeNames({ username, ...(email !== undefined && { email }), firstName, lastName });
}
