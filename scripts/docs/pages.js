import { format, resolveConfig } from 'prettier';
import { configurationPage } from './configuration.js';
import { eventsPage } from './events.js';
import { openApiDocument } from './openapi-document.js';
import { routesPage } from './routes.js';

/** @type {typeof import('../../src/platform/config/schema.js')} */
const { groups } = await import(compiled('platform/config/schema.js'));
/** @type {typeof import('../../src/events/catalogue.js')} */
const { EVENTS } = await import(compiled('events/catalogue.js'));

/**
 * Renders every generated page from the compiled service, without a database.
 * @returns {Promise<[path: string, text: string][]>}
 */
export async function generatedPages() {
  return Promise.all([
    page('docs/reference/configuration.md', configurationPage(groups)),
    page('docs/reference/events.md', eventsPage(EVENTS)),
    page('docs/reference/routes.md', routesPage(await openApiDocument())),
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

/** @param {string} path below `src` */
function compiled(path) {
  return new URL(`../../dist/src/${path}`, import.meta.url).href;
}
