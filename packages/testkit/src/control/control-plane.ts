import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { ConfigError } from '../../../../src/platform/config/config.error.js';
import { FailureError } from '../../../../src/platform/errors/failure.error.js';
import { answerOf } from '../../../../src/platform/http/dialect/dialect.js';
import { problemDetails } from '../../../../src/platform/http/dialect/problem-details.js';
import type { Kit } from '../kit.js';
import { accountRoutes } from './accounts.js';
import { clockRoutes } from './clock.js';
import { contractRoutes } from './contract.js';
import { eventRoutes } from './events.js';
import { faultRoutes } from './faults.js';
import { validateLazily } from './lazy-validation.js';
import { limitRoutes } from './limits.js';
import { collectRoutes } from './openapi.js';
import { outboxRoutes } from './outbox.js';
import { Problem, problemDetailsOf } from './problem.js';
import { requestRoutes } from './requests.js';
import { settingRoutes } from './settings.js';
import { stateRoutes } from './state.js';
import { tokenRoutes } from './tokens.js';

const PREFIX = '/_test/v1';

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;

/** What a test may do with the kit, one function for each topic. */
const TOPICS = [
  stateRoutes,
  settingRoutes,
  accountRoutes,
  tokenRoutes,
  clockRoutes,
  limitRoutes,
  eventRoutes,
  requestRoutes,
  faultRoutes,
  outboxRoutes,
  contractRoutes,
];

/** Returns the routes below `/_test/v1`. The server of the kit hands requests to it. */
export function controlPlane(kit: Kit): FastifyInstance {
  const control = fastify({ bodyLimit: BODY_LIMIT_BYTES });
  control.setValidatorCompiler(validateLazily);
  // The schemas of answers are for the document.
  control.setSerializerCompiler(() => (value) => JSON.stringify(value));
  control.addContentTypeParser('application/x-ndjson', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, linesOf(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
  control.setErrorHandler((error: FastifyError, _request, reply) => {
    const { status, body } = answerTo(error);
    void reply.status(status).type('application/problem+json').send(body);
  });
  control.setNotFoundHandler((_request, reply) => {
    void reply.status(404).type('application/problem+json').send(problemDetailsOf(404, 'not found'));
  });
  collectRoutes(control);
  void control.register(
    async (routes) => {
      for (const add of TOPICS) add(routes, kit);
    },
    { prefix: PREFIX },
  );
  return control;
}

/** Reads JSON Lines. @throws Problem that names the line that is not JSON */
function linesOf(text: string): unknown[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      throw new Problem(400, `line ${i + 1} is not JSON`);
    }
  });
}

function answerTo(error: FastifyError): { status: number; body: unknown } {
  if (error instanceof FailureError) return answerOf(problemDetails, error.failure);
  if (error instanceof ConfigError) return { status: 400, body: problemDetailsOf(400, error.message) };
  if (error.validation) {
    const errors = Object.fromEntries(
      error.validation.map(({ instancePath, message = 'not valid', params }) => [
        [instancePath.slice(1), params['missingProperty'], params['additionalProperty']].filter(Boolean).join('/') ||
          'body',
        [message],
      ]),
    );
    return { status: 400, body: problemDetailsOf(400, 'the request is not valid', errors) };
  }
  const { statusCode: status = 500, message } = error;
  const errors = error instanceof Problem ? error.errors : undefined;
  return { status, body: problemDetailsOf(status, message, errors) };
}
