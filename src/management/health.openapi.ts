import { documents, exactly, fixed } from '../platform/openapi/answers.js';
import { unavailable } from '../platform/openapi/problem.js';

const OK = exactly({ status: fixed('ok') });

export const ApiLive = () =>
  documents('Whether the process answers', { status: 200, description: 'It does', schema: OK });

export const ApiReady = () =>
  documents('Whether requests can be served', { status: 200, description: 'They can', schema: OK }, unavailable);
