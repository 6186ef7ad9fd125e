import { applyDecorators } from '@nestjs/common';
import { ApiBasicAuth } from '@nestjs/swagger';
import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { documents } from '../platform/openapi/documents.js';
import { either, exactly, flag, text } from '../platform/openapi/schema.js';
import { oauthDialect } from './oauth.dialect.js';

const ACTIVE = exactly({
  active: { ...flag(true), enum: [true] },
  token_type: text('Bearer'),
  iss: text('https://auth.example.com'),
  sub: text('0191e7a4-5c6d-7e8f-9a0b-1c2d3e4f5a6b'),
  sid: text('0191e7a4-5c6d-7e8f-9a0b-1c2d3e4f5a6c'),
  username: text('alice'),
  iat: { type: 'integer', example: 1_795_291_500 },
  exp: { type: 'integer', example: 1_795_292_400 },
});
const INACTIVE = exactly({ active: { ...flag(false), enum: [false] } });

const OPERATION = { body: ['token'], refusals: ['client_not_authenticated', 'throttled'] } as const;

export const ApiIntrospect = () =>
  applyDecorators(
    ApiBasicAuth(),
    documents(oauthDialect, {
      ...OPERATION,
      summary: 'Get the state and the owner of a token (RFC 7662)',
      answer: { status: 200, description: 'The token is active, or not', schema: either(ACTIVE, INACTIVE) },
    }),
  );

export const ApiRevoke = () =>
  applyDecorators(
    ApiBasicAuth(),
    documents(oauthDialect, {
      ...OPERATION,
      summary: 'End the session of a token (RFC 7009)',
      answer: { status: 200, description: 'The session has ended, or the token is unknown' },
    }),
  );

export const ApiMetadata = () =>
  documents(problemDetails, {
    summary: 'Get the URLs for resource servers (RFC 8414)',
    answer: {
      status: 200,
      description: 'Metadata',
      schema: {
        type: 'object',
        properties: {
          issuer: text('https://auth.example.com'),
          jwks_uri: text('https://auth.example.com/.well-known/jwks.json'),
          response_types_supported: { type: 'array', items: { type: 'string' }, example: [] },
          grant_types_supported: { type: 'array', items: { type: 'string' }, example: [] },
          introspection_endpoint: text('https://auth.example.com/oauth/introspect'),
          introspection_endpoint_auth_methods_supported: { type: 'array', items: text('client_secret_basic') },
          revocation_endpoint: text('https://auth.example.com/oauth/revoke'),
          revocation_endpoint_auth_methods_supported: { type: 'array', items: text('client_secret_basic') },
        },
        required: ['issuer', 'jwks_uri', 'response_types_supported', 'grant_types_supported'],
        additionalProperties: false,
      },
    },
  });
