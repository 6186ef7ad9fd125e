import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiParam } from '@nestjs/swagger';
import { documents, exactly, flag, text } from '../platform/openapi/answers.js';
import { badRequest, problem, unavailable } from '../platform/openapi/problem.js';

const SESSION = exactly({
  id: text('0191e7a4-5c6d-7e8f-9a0b-1c2d3e4f5a6b'),
  device: { type: 'string', example: 'Mozilla/5.0' },
  address: text('192.0.2.1'),
  created_at: text('2026-11-21T20:05:00.000Z'),
  last_used_at: text('2026-11-21T20:20:00.000Z'),
  current: flag(true),
});

const NEXT = { type: 'string', nullable: true, example: null } as const;

const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };
const unauthorized = problem(401, 'No access token, or none that is valid', CHALLENGE);

export const ApiListSessions = () =>
  applyDecorators(
    ApiBearerAuth(),
    documents(
      'The living sessions of the account',
      {
        status: 200,
        description: 'Newest first, 100 a page. `next` is the `after` of the next page, null on the last one',
        schema: exactly({ sessions: { type: 'array', items: SESSION }, next: NEXT }),
      },
      badRequest,
      unauthorized,
      unavailable,
    ),
  );

export const ApiEndSession = () =>
  applyDecorators(
    ApiBearerAuth(),
    ApiParam({ name: 'id', description: 'Id of one of the account’s sessions' }),
    documents(
      'End one session',
      { status: 204, description: 'It has ended' },
      unauthorized,
      problem(404, 'The account has no such living session'),
      unavailable,
    ),
  );

export const ApiEndSessions = () =>
  applyDecorators(
    ApiBearerAuth(),
    documents(
      'End all other sessions',
      { status: 204, description: 'They have ended' },
      badRequest,
      unauthorized,
      problem(404, 'The path has a slash at its end, as that of one session without its id'),
      unavailable,
    ),
  );

export const ApiChangePassword = () =>
  applyDecorators(
    ApiBearerAuth(),
    documents(
      'Change the password; ends all other sessions',
      { status: 204, description: 'It is changed' },
      badRequest,
      unauthorized,
      problem(413, 'The body is too large'),
      problem(415, 'The body is not JSON'),
      problem(429, 'Too many wrong passwords', { 'Retry-After': '60' }),
      unavailable,
    ),
  );
