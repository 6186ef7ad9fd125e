import { expect } from 'vitest';
import type { Client } from './client.js';

export const PASSWORD = 'correct horse battery staple';

let count = 0;

/** Returns a username that no other test uses. */
export function newName(): string {
  count += 1;
  return `user${count}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Registers an account at contract A. */
export async function register(client: Client, username = newName(), password = PASSWORD) {
  const reply = await client.post('/auth/register', { username, password });
  expect(reply.status).toBe(201);
  return { username, password, ...(reply.body as { access: string; refresh: string }) };
}

/** Signs an account up at contract B. Returns the tokens under their names in contract A. */
export async function signUp(client: Client, username = newName(), email = `${username}@example.com`) {
  const form = { username, email, password: PASSWORD, first_name: 'Test', last_name: 'Person' };
  const reply = await client.post('/user/signup', form);
  expect(reply.status).toBe(201);
  const { access_token: access, refresh_token: refresh } = reply.body as Record<string, string>;
  return { username, email, password: PASSWORD, access: access ?? '', refresh: refresh ?? '' };
}
