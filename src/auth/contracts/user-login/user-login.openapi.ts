import { applyDecorators } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { documents, type DocumentedAnswer, exactly, fixed, text } from '../../../platform/openapi/answers.js';
import { LoginDto } from './user-login.dto.js';

const TOKENS = exactly({ access_token: text('<access-token>'), refresh_token: text('<refresh-token>') });
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

const refusal = (reason: string) => exactly({ status: fixed('BAD REQUEST'), reason: text(reason) });
const fault = (status: string, reason: string) => exactly({ status: fixed(status), reason: text(reason) });

const badFields: DocumentedAnswer = {
  status: 400,
  description: 'A field is missing, blank or against the rules; the reason names it',
  schema: refusal('username: this field is required'),
};
const tokenNotValid: DocumentedAnswer = {
  status: 401,
  description: 'A token is invalid, expired, spent or revoked',
  headers: CHALLENGE,
  schema: refusal('the token is invalid or expired'),
};
const throttled: DocumentedAnswer = {
  status: 429,
  description: 'Too many attempts',
  headers: { 'Retry-After': '60' },
  schema: refusal('too many attempts, try again later'),
};
const others: DocumentedAnswer[] = [
  { status: 413, description: 'The body is too large', schema: refusal('the request body is too large') },
  { status: 415, description: 'The body is not JSON', schema: refusal('unsupported media type') },
  {
    status: 500,
    description: 'An error of the service',
    schema: fault('INTERNAL SERVER ERROR', 'internal server error'),
  },
  {
    status: 503,
    description: 'The database is away, or too many passwords wait to be hashed',
    headers: { 'Retry-After': '2' },
    schema: fault('SERVICE UNAVAILABLE', 'service unavailable, try again later'),
  },
];

export const ApiSignup = () =>
  documents(
    'Sign up and log in',
    { status: 201, description: 'A token pair', schema: TOKENS },
    badFields,
    {
      status: 409,
      description: 'The name or the email is taken',
      schema: refusal('the username or the email is taken'),
    },
    throttled,
    ...others,
  );

export const ApiLogin = () =>
  applyDecorators(
    ApiBody({ type: LoginDto }),
    documents(
      'Log in by username or by email',
      { status: 201, description: 'A token pair', schema: TOKENS },
      badFields,
      {
        status: 401,
        description: 'Unknown name, wrong password or disabled account',
        headers: CHALLENGE,
        schema: refusal('the username or the password is wrong'),
      },
      throttled,
      ...others,
    ),
  );

export const ApiLoginRefresh = () =>
  documents(
    'A new access token for a refresh token, which stays as it is',
    { status: 201, description: 'An access token', schema: exactly({ access_token: text('<access-token>') }) },
    badFields,
    tokenNotValid,
    ...others,
  );

export const ApiLogout = () =>
  documents(
    'Log out: ends the session that both tokens belong to',
    { status: 204, description: 'The session has ended, now or before' },
    badFields,
    tokenNotValid,
    ...others,
  );
