import type { RevocationReason, TokenProblem } from '../../errors/token-problem.js';

const REVOKED: Readonly<Record<RevocationReason, string>> = {
  logout: 'revoked by logout',
  replay: 'revoked by replay',
  owner: 'revoked by its owner',
  client: 'revoked by the client',
  limit: 'revoked for newer logins',
};

/** Returns the `error_description` (RFC 6750 section 3) of a token problem. */
export function tokenProblemText(problem: TokenProblem): string {
  switch (problem.code) {
    case 'expired':
      return `expired ${problem.seconds} seconds ago`;
    case 'rotated':
      return 'rotated';
    case 'revoked':
      return problem.by === undefined ? 'revoked' : REVOKED[problem.by];
    case 'account_disabled':
      return 'account disabled';
  }
}
