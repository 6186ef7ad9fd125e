import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { documents } from '../platform/openapi/documents.js';
import { exactly, fixed, text } from '../platform/openapi/schema.js';

const JWK = exactly({
  kty: fixed('EC'),
  crv: fixed('P-256'),
  x: text('f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'),
  y: text('x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'),
  kid: text('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'),
  alg: fixed('ES256'),
  use: fixed('sig'),
});

export const ApiJwks = () =>
  documents(problemDetails, {
    summary: 'Get the public keys of access tokens (RFC 7517)',
    answer: { status: 200, description: 'A key set', schema: exactly({ keys: { type: 'array', items: JWK } }) },
  });
