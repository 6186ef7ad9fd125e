import { randomBytes } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { compiled } from './compiled.js';

/** Enough of a configuration to declare the routes. Nothing connects to this database. */
const ENVIRONMENT = {
  AUTH_SECRET: randomBytes(48).toString('base64'),
  DATABASE_URL: 'mysql://latchkey:none@127.0.0.1/latchkey',
  LOG_LEVEL: 'silent',
};

/**
 * Returns the OpenAPI document and the dialects of the compiled service. In preview mode, Nest
 * creates no provider.
 */
export async function declaredService() {
  /** @type {typeof import('../../src/app.module.js')} */
  const { AppModule } = await import(compiled('app.module.js'));
  /** @type {typeof import('../../src/boot/http-app.js')} */
  const { createAdapter, nestOptions } = await import(compiled('boot/http-app.js'));
  /** @type {typeof import('../../src/platform/config/config.js')} */
  const { loadConfig } = await import(compiled('platform/config/config.js'));
  /** @type {typeof import('../../src/platform/logging/logger.js')} */
  const { createLogger } = await import(compiled('platform/logging/logger.js'));
  /** @type {typeof import('../../src/platform/openapi/swagger.js')} */
  const { openApiDocument } = await import(compiled('platform/openapi/swagger.js'));

  const config = loadConfig(ENVIRONMENT);
  const adapter = createAdapter(config, createLogger(config));
  const options = { ...nestOptions, logger: /** @type {false} */ (false), preview: true };
  /** @type {import('@nestjs/platform-fastify').NestFastifyApplication} */
  const app = await NestFactory.create(AppModule.forRoot(config), adapter, options);
  /** @type {import('fastify').FastifyInstance} */
  const fastify = adapter.getInstance();
  return { document: openApiDocument(app), dialects: fastify.dialects.all };
}
