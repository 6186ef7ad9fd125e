import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { documents, documentsAnswers } from '../platform/openapi/documents.js';
import { exactly, fixed, text } from '../platform/openapi/schema.js';

const OK = fixed('ok');

// This route refuses nothing, so it has no other answer.
export const ApiLive = () =>
  documentsAnswers('Check whether the process answers', {
    status: 200,
    description: 'The process answers',
    schema: exactly({ status: OK, name: fixed('latchkey'), version: text('1.2.3') }),
  });

export const ApiReady = () =>
  documents(problemDetails, {
    summary: 'Check whether requests can be served',
    answer: { status: 200, description: 'Requests can be served', schema: exactly({ status: OK }) },
  });
