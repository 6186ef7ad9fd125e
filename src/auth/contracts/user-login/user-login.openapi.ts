import { applyDecorators } from '@nestjs/common';
import { ApiBody } from '@nestjs/swagger';
import { documents } from '../../../platform/openapi/documents.js';
import { exactly, text } from '../../../platform/openapi/schema.js';
import { userLoginDialect } from './user-login.dialect.js';
import { LoginDto } from './user-login.dto.js';

const TOKENS = exactly({ access_token: text('<access-token>'), refresh_token: text('<refresh-token>') });

export const ApiSignup = () =>
  documents(userLoginDialect, {
    summary: 'Sign up and log in',
    body: ['username', 'email', 'password', 'first_name', 'last_name'],
    answer: { status: 201, description: 'A token pair', schema: TOKENS },
    refusals: ['user_exists', 'throttled'],
  });

export const ApiLogin = () =>
  applyDecorators(
    ApiBody({ type: LoginDto }),
    documents(userLoginDialect, {
      summary: 'Log in by username or by email',
      body: ['username', 'password'],
      answer: { status: 201, description: 'A token pair', schema: TOKENS },
      refusals: ['invalid_credentials', 'throttled'],
    }),
  );

export const ApiLoginRefresh = () =>
  documents(userLoginDialect, {
    summary: 'Get a new access token for a refresh token, which stays valid',
    body: ['refresh_token'],
    answer: { status: 201, description: 'An access token', schema: exactly({ access_token: text('<access-token>') }) },
    refusals: ['token_not_valid'],
  });

export const ApiLogout = () =>
  documents(userLoginDialect, {
    summary: 'Log out: end the session of both tokens',
    body: ['access_token', 'refresh_token'],
    answer: { status: 204, description: 'The session has ended, now or before' },
    refusals: ['token_not_valid'],
  });
