import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';
import {
  documents,
  type DocumentedAnswer,
  either,
  exactly,
  fixed,
  someOf,
  text,
  texts,
} from '../../../platform/openapi/answers.js';
import { CredentialsDto, RefreshDto, VerifyDto } from './auth-token.dto.js';
import { authTokenDialect } from './auth-token.presenter.js';

const TOKENS = exactly({ refresh: text('<refresh-token>'), access: text('<access-token>') });
const NOTHING = exactly({});
const DETAIL = exactly({ detail: text('not found') });
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

const badFields = (...fields: string[]): DocumentedAnswer => ({
  status: 400,
  description: 'Every field that is missing, blank or against the rules; or what is wrong with the body as a whole',
  schema: either(someOf(Object.fromEntries(fields.map((field) => [field, texts('this field is required')]))), DETAIL),
});
const tokenNotValid: DocumentedAnswer = {
  status: 401,
  description: 'The token is invalid, expired, spent or revoked',
  headers: CHALLENGE,
  schema: exactly({ detail: fixed('token is invalid or expired'), code: fixed('token_not_valid') }),
};
const faults: DocumentedAnswer[] = [
  { status: 500, description: 'An error of the service', schema: DETAIL },
  {
    status: 503,
    description: 'The database is away, or too many passwords wait to be hashed',
    schema: DETAIL,
    headers: { 'Retry-After': '2' },
  },
];
const throttled: DocumentedAnswer = {
  status: 429,
  description: 'Too many attempts',
  schema: DETAIL,
  headers: { 'Retry-After': '60' },
};
const refusedBodies: DocumentedAnswer[] = [
  { status: 413, description: 'The body is too large', schema: DETAIL },
  { status: 415, description: 'The body is neither JSON nor a form', schema: DETAIL },
];

const consumes = ApiConsumes(...authTokenDialect.mediaTypes);

export const ApiToken = () =>
  applyDecorators(
    consumes,
    ApiBody({ type: CredentialsDto }),
    documents(
      'Log in',
      { status: 200, description: 'A token pair', schema: TOKENS },
      badFields('username', 'password'),
      {
        status: 401,
        description: 'Unknown name, wrong password or disabled account',
        headers: CHALLENGE,
        schema: exactly({ detail: fixed('No active account found with the given credentials') }),
      },
      throttled,
      ...refusedBodies,
      ...faults,
    ),
  );

export const ApiRegister = () =>
  applyDecorators(
    consumes,
    ApiBody({ type: CredentialsDto }),
    documents(
      'Register an account and log in',
      { status: 201, description: 'A token pair', schema: TOKENS },
      badFields('username', 'password'),
      { status: 409, description: 'The name is taken', schema: exactly({ detail: fixed('User already exists') }) },
      throttled,
      ...refusedBodies,
      ...faults,
    ),
  );

export const ApiRefresh = () =>
  applyDecorators(
    consumes,
    ApiExtraModels(RefreshDto, VerifyDto),
    ApiBody({
      description: 'A refresh token; or an access token as `token`, which is verified then',
      schema: { oneOf: [{ $ref: getSchemaPath(RefreshDto) }, { $ref: getSchemaPath(VerifyDto) }] },
    }),
    documents(
      'Spend a refresh token for a new token pair',
      { status: 200, description: 'A token pair, or `{}` for a valid access token', schema: either(TOKENS, NOTHING) },
      badFields('refresh', 'token'),
      tokenNotValid,
      ...refusedBodies,
      ...faults,
    ),
  );

export const ApiVerify = () =>
  applyDecorators(
    consumes,
    documents(
      'Verify an access token',
      { status: 200, description: 'The token is valid', schema: NOTHING },
      badFields('token'),
      tokenNotValid,
      ...refusedBodies,
      ...faults,
    ),
  );

export const ApiGetUser = () =>
  applyDecorators(
    ApiBearerAuth(),
    documents(
      'The account that an access token belongs to',
      { status: 200, description: 'Its name', schema: exactly({ username: text('alice') }) },
      {
        status: 401,
        description: 'No access token, or none that is valid',
        headers: CHALLENGE,
        schema: exactly({ detail: text('token is invalid or expired'), code: text('token_not_valid') }),
      },
      ...faults,
    ),
  );
