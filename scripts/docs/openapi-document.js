import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';

/** Enough of a configuration to declare the routes. Nothing connects to this database. */
const ENVIRONMENT = {
  AUTH_SECRET: randomBytes(48).toString('base64'),
  DATABASE_URL: 'mysql://latchkey:none@127.0.0.1/latchkey',
  LOG_LEVEL: 'silent',
};

/**
 * Describes the routes of the compiled service. In preview mode, Nest declares them and creates no provider.
 * @returns {Promise<import('@nestjs/swagger').OpenAPIObject>}
 */
export async function openApiDocument() {
  /** @type {typeof import('../../src/app.module.js')} */
  const { AppModule } = await import(compiled('app.module.js'));
  /** @type {typeof import('../../src/boot/http-app.js')} */
  const { createAdapter, nestOptions } = await import(compiled('boot/http-app.js'));
  /** @type {typeof import('../../src/platform/config/config.js')} */
  const { loadConfig } = await import(compiled('platform/config/config.js'));
  /** @type {typeof import('../../src/platform/logging/logger.js')} */
  const { createLogger } = await import(compiled('platform/logging/logger.js'));
  /** @type {typeof import('../../src/platform/openapi/swagger.js')} */
  const { openApiDocument: describe } = await import(compiled('platform/openapi/swagger.js'));

  const config = loadConfig(ENVIRONMENT);
  const adapter = createAdapter(config, createLogger(config));
  return describe(
    await NestFactory.create(AppModule.forRoot(config), adapter, { ...nestOptions, logger: false, preview: true }),
  );
}

/** @param {string} path below `src` */
function compiled(path) {
  return new URL(`../../dist/src/${path}`, import.meta.url).href;
}
