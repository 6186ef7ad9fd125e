import { applyDecorators } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { documents } from '../platform/openapi/documents.js';
import { exactly, flag, text } from '../platform/openapi/schema.js';

const SESSION = exactly({
  id: text('0191e7a4-5c6d-7e8f-9a0b-1c2d3e4f5a6b'),
  device: { type: 'string', example: 'Mozilla/5.0' },
  address: text('192.0.2.1'),
  created_at: text('2026-11-21T20:05:00.000Z'),
  last_used_at: text('2026-11-21T20:20:00.000Z'),
  current: flag(true),
});

const NEXT = { type: 'string', nullable: true, example: null } as const;

export const ApiListSessions = () =>
  documents(problemDetails, {
    summary: 'List the living sessions of the account',
    bearer: true,
    query: ['after'],
    answer: {
      status: 200,
      description:
        'The sessions, newest first, 100 per page. `next` is the `after` of the next page, or null on the last page',
      schema: exactly({ sessions: { type: 'array', items: SESSION }, next: NEXT }),
    },
  });

export const ApiEndSession = () =>
  applyDecorators(
    ApiParam({ name: 'id', description: 'Id of one of the account’s sessions' }),
    documents(problemDetails, {
      summary: 'End one session',
      bearer: true,
      answer: { status: 204, description: 'The session has ended' },
      refusals: ['session_not_found'],
    }),
  );

export const ApiEndSessions = () =>
  documents(problemDetails, {
    summary: 'End all other sessions, or all sessions',
    bearer: true,
    query: ['scope', 'all'],
    answer: { status: 204, description: 'The sessions have ended' },
  });

export const ApiChangePassword = () =>
  documents(problemDetails, {
    summary: 'Change the password and end all other sessions',
    bearer: true,
    body: ['current_password', 'new_password'],
    answer: { status: 204, description: 'The password is changed' },
    refusals: ['throttled'],
  });
