import { applyDecorators } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes } from '@nestjs/swagger';
import { documents, type DocumentedAnswer, either, exactly, fixed, flag, text } from '../platform/openapi/answers.js';
import { oauthDialect } from './oauth.presenter.js';

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

const error = (code: string) => exactly({ error: fixed(code), error_description: text('token is missing or no text') });

const refusals: DocumentedAnswer[] = [
  { status: 400, description: 'The form lacks a token', schema: error('invalid_request') },
  {
    status: 401,
    description: 'Not one of INTROSPECTION_CLIENTS',
    schema: error('invalid_client'),
    headers: { 'WWW-Authenticate': 'Basic realm="latchkey"' },
  },
  { status: 413, description: 'The body is too large', schema: error('invalid_request') },
  { status: 415, description: 'The body is no form', schema: error('invalid_request') },
  {
    status: 429,
    description: 'Too many wrong secrets from this source',
    schema: error('invalid_request'),
    headers: { 'Retry-After': '60' },
  },
  { status: 500, description: 'An error of the service', schema: error('server_error') },
  {
    status: 503,
    description: 'The database is away',
    schema: error('temporarily_unavailable'),
    headers: { 'Retry-After': '2' },
  },
];

const forClients = applyDecorators(ApiBasicAuth(), ApiConsumes(...oauthDialect.mediaTypes));

export const ApiIntrospect = () =>
  applyDecorators(
    forClients,
    documents(
      'Whether a token is alive, and whose it is (RFC 7662)',
      { status: 200, description: 'What is known of it', schema: either(ACTIVE, INACTIVE) },
      ...refusals,
    ),
  );

export const ApiRevoke = () =>
  applyDecorators(
    forClients,
    documents(
      'End the session of a token (RFC 7009)',
      { status: 200, description: 'It has ended, or never was' },
      ...refusals,
    ),
  );

export const ApiMetadata = () =>
  documents('Where the endpoints for resource servers are (RFC 8414)', {
    status: 200,
    description: 'Metadata',
    schema: {
      type: 'object',
      properties: {
        issuer: text('https://auth.example.com'),
        jwks_uri: text('https://auth.example.com/.well-known/jwks.json'),
        response_types_supported: { type: 'array', items: text('code') },
        grant_types_supported: { type: 'array', items: text('password') },
        introspection_endpoint: text('https://auth.example.com/oauth/introspect'),
        introspection_endpoint_auth_methods_supported: { type: 'array', items: text('client_secret_basic') },
        revocation_endpoint: text('https://auth.example.com/oauth/revoke'),
        revocation_endpoint_auth_methods_supported: { type: 'array', items: text('client_secret_basic') },
      },
      required: ['issuer', 'jwks_uri', 'response_types_supported', 'grant_types_supported'],
      additionalProperties: false,
    },
  });
