import { format, resolveConfig } from 'prettier';
import { compiled } from './compiled.js';
import { configurationPage } from './configuration.js';
import { declaredService } from './declared-service.js';
import { errorsPage } from './errors.js';
import { eventsPage } from './events.js';
import { routesPage } from './routes.js';

/** @type {typeof import('../../src/platform/config/schema.js')} */
const { groups } = await import(compiled('platform/config/schema.js'));
/** @type {typeof import('../../src/events/catalogue.js')} */
const { EVENTS } = await import(compiled('events/catalogue.js'));
/** @type {typeof import('../../src/platform/openapi/refusals.js')} */
const { REFUSALS } = await import(compiled('platform/openapi/refusals.js'));
/** @type {typeof import('../../src/platform/http/dialect/dialect.js')} */
const { answerOf } = await import(compiled('platform/http/dialect/dialect.js'));
/** @type {typeof import('../../src/platform/http/dialect/token-problem-text.js')} */
const { tokenProblemText } = await import(compiled('platform/http/dialect/token-problem-text.js'));

/**
 * Renders every generated page from the compiled service, without a database.
 * @returns {Promise<[path: string, text: string][]>}
 */
export async function generatedPages() {
  const { document, dialects } = await declaredService();
  return Promise.all([
    page('docs/reference/configuration.md', configurationPage(groups)),
    page('docs/reference/errors.md', errorsPage(REFUSALS, dialects, answerOf, tokenProblemText)),
    page('docs/reference/events.md', eventsPage(EVENTS)),
    page('docs/reference/routes.md', routesPage(document)),
  ]);
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {Promise<[path: string, text: string]>}
 */
async function page(path, text) {
  const options = { ...(await resolveConfig(path)), filepath: path, proseWrap: 'always', printWidth: 100 };
  return [path, await format(text, /** @type {import('prettier').Options} */ (options))];
}
