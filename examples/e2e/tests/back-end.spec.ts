import type { Flaw } from '@latchkey/testkit';
import { expect, test } from './application.js';

const FLAWS: Flaw[] = [
  'expired',
  'foreign-key',
  'unknown-kid',
  'alg-none',
  'tampered',
  'wrong-issuer',
  'refresh-as-access',
];

test('serves notes for a genuine token, and refuses a token with any flaw', async ({ account, latchkey, request }) => {
  const statusFor = async (flaw?: Flaw) => {
    const { access } = await latchkey.tokens.mint(account.username, flaw && { flaw });
    const answer = await request.get('/api/notes', { headers: { Authorization: `Bearer ${access}` } });
    return answer.status();
  };

  expect(await statusFor()).toBe(200);
  for (const flaw of FLAWS) expect(await statusFor(flaw), flaw).toBe(401);
  // The keys alone do not tell of a logout. The token is good until it expires.
  expect(await statusFor('logged-out')).toBe(200);
});
