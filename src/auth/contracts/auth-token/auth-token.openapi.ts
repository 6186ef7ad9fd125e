import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';
import { documents } from '../../../platform/openapi/documents.js';
import { either, exactly, text } from '../../../platform/openapi/schema.js';
import { authTokenDialect } from './auth-token.dialect.js';
import { CredentialsDto, RefreshDto, VerifyDto } from './auth-token.dto.js';

const TOKENS = exactly({ refresh: text('<refresh-token>'), access: text('<access-token>') });
const NOTHING = exactly({});

export const ApiToken = () =>
  applyDecorators(
    ApiBody({ type: CredentialsDto }),
    documents(authTokenDialect, {
      summary: 'Log in',
      body: ['username', 'password'],
      answer: { status: 200, description: 'A token pair', schema: TOKENS },
      refusals: ['invalid_credentials', 'throttled'],
    }),
  );

export const ApiRegister = () =>
  documents(authTokenDialect, {
    summary: 'Register an account and log in',
    body: ['username', 'password'],
    answer: { status: 201, description: 'A token pair', schema: TOKENS },
    refusals: ['user_exists', 'throttled'],
  });

export const ApiRefresh = () =>
  applyDecorators(
    ApiExtraModels(RefreshDto, VerifyDto),
    ApiBody({
      description: 'A refresh token, or an access token as `token` to verify it',
      schema: { oneOf: [{ $ref: getSchemaPath(RefreshDto) }, { $ref: getSchemaPath(VerifyDto) }] },
    }),
    documents(authTokenDialect, {
      summary: 'Exchange a refresh token for a new token pair',
      body: ['refresh', 'token'],
      answer: {
        status: 200,
        description: 'A token pair, or `{}` for a valid access token',
        schema: either(TOKENS, NOTHING),
      },
      refusals: ['token_not_valid'],
    }),
  );

export const ApiVerify = () =>
  documents(authTokenDialect, {
    summary: 'Verify an access token',
    body: ['token'],
    answer: { status: 200, description: 'The token is valid', schema: NOTHING },
    refusals: ['token_not_valid'],
  });

export const ApiGetUser = () =>
  documents(authTokenDialect, {
    summary: 'Get the account of an access token',
    bearer: true,
    answer: { status: 200, description: 'The name of the account', schema: exactly({ username: text('alice') }) },
  });
