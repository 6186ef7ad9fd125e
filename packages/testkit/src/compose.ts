import 'reflect-metadata';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AppModule } from '../../../src/app.module.js';
import { createAdapter, nestOptions, setUp } from '../../../src/boot/http-app.js';
import type { Config } from '../../../src/platform/config/config.js';
import { NestLogger } from '../../../src/platform/logging/nest-logger.js';
import { openApiDocument } from '../../../src/platform/openapi/swagger.js';
import { StartupService } from '../../../src/startup/startup.service.js';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Composition {
  readonly config: Config;
  readonly logger: Logger;
  /** Values that replace providers of the service, by their injection tokens. */
  readonly providers: ReadonlyMap<unknown, unknown>;
  /** Adds hooks, before the routes are registered. */
  readonly extend: (fastify: FastifyInstance) => void;
  /** Completes the OpenAPI document that Swagger UI shows. */
  readonly complete: (document: OpenAPIObject) => OpenAPIObject;
}

/** The service without a server of its own. */
export interface ComposedApp {
  readonly app: NestFastifyApplication;
  readonly handle: RequestHandler;
}

/** Composes the service with some of its providers replaced, and waits until it is ready. */
export async function composeApp({ config, logger, providers, extend, complete }: Composition): Promise<ComposedApp> {
  let handle: RequestHandler | undefined;
  const adapter = createAdapter(config, logger, {
    makeServer: (handler) => {
      handle = handler;
      // Never listens: requests come from the server of the kit.
      return createServer();
    },
  });
  extend(adapter.getInstance());
  const builder = Test.createTestingModule({ imports: [AppModule.forRoot(config)] });
  builder.setLogger(new NestLogger(logger));
  for (const [token, value] of providers) builder.overrideProvider(token).useValue(value);
  const app = (await builder.compile()).createNestApplication<NestFastifyApplication>(adapter, nestOptions);
  setUp(app, config, () => complete(openApiDocument(app)));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  await app.get(StartupService).finished;
  if (!handle) throw new Error('Fastify has made no server');
  return { app, handle };
}
