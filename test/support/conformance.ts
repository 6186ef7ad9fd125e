import { expect } from 'vitest';
import { Context } from '../../packages/testkit/src/conformance/context.js';
import type { Client } from './client.js';

/** The order of keys in the answers of both contracts. The contracts leave it open. */
const ORDERS = [
  ['username', 'password'],
  ['refresh', 'access'],
  ['access_token', 'refresh_token'],
  ['detail', 'code'],
  ['status', 'reason'],
];

/**
 * Returns the context for conformance cases against a service. It checks each answer against the
 * OpenAPI document too, and that the service keeps the form of its bodies.
 */
export function contextOf(client: Client): Context {
  return new Context(async (method, path, request) => {
    const reply = await client.call(method, path, request);
    if (reply.text !== '') assertForm(reply.text);
    return reply;
  });
}

/** Checks what clients may compare as text: no white space, the order of keys, opaque tokens. */
function assertForm(text: string): void {
  const body = JSON.parse(text) as Record<string, unknown>;
  const keys = Object.keys(body);
  const order = ORDERS.find((known) => keys.every((key) => known.includes(key))) ?? keys;
  expect(text).toBe(
    JSON.stringify(Object.fromEntries(order.filter((key) => key in body).map((key) => [key, body[key]]))),
  );
  for (const key of ['refresh', 'access', 'access_token', 'refresh_token'])
    if (typeof body[key] === 'string') expect(body[key], key).toMatch(/^[\w.-]+$/);
}
