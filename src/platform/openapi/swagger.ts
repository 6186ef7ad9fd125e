import { NotFoundException } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { rememberTokens, useRememberedTokens } from './try-it-out.js';

/** Returns the OpenAPI document of all routes. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Latchkey')
    .setDescription(
      'One account store behind two login APIs. Press *Try it out* and *Execute* from top to bottom: ' +
        'the examples `<access-token>` and `<refresh-token>` stand for the newest tokens that this page has received. ' +
        'For *Authorize*, paste the access token of any answer.',
    )
    .setVersion('1')
    .addBearerAuth()
    .addBasicAuth();
  const { dialects }: FastifyInstance = app.getHttpAdapter().getInstance();
  for (const { tag } of dialects.all) builder.addTag(tag.name, tag.description);
  builder.addTag('keys', 'For services that verify access tokens').addTag('health', 'For operators of the service');
  return SwaggerModule.createDocument(app, builder.build());
}

/** The files that the page loads. The package has more files, such as source maps. */
const FILES = new Set([
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'favicon-16x16.png',
  'favicon-32x32.png',
]);

/**
 * Serves Swagger UI at `/docs` and the document at `/openapi.json`.
 * @param makeDocument called once, when a client first asks for the document
 */
export function setUpSwagger(app: NestFastifyApplication, makeDocument: () => OpenAPIObject): void {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  fastify.addHook('onRoute', (route) => {
    if (route.url === '/docs/*') route.onRequest = refuseOtherFiles;
  });
  let document: OpenAPIObject | undefined;
  const documentOnce = () => (document ??= makeDocument());
  let json: Buffer | undefined;
  fastify.get('/openapi.json', (_request, reply) =>
    reply.type('application/json').send((json ??= Buffer.from(JSON.stringify(documentOnce())))),
  );
  SwaggerModule.setup('docs', app, documentOnce, {
    raw: false,
    customSiteTitle: 'Latchkey API',
    swaggerOptions: {
      // Any script of the page could read tokens from the browser's storage.
      persistAuthorization: false,
      displayRequestDuration: true,
      requestInterceptor: useRememberedTokens,
      responseInterceptor: rememberTokens,
    },
  });
}

function refuseOtherFiles({ params }: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  const { '*': name } = params as { '*': string };
  done(FILES.has(name) ? undefined : new NotFoundException());
}
