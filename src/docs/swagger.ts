import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { rememberTokens, useRememberedTokens } from './try-it-out.js';

/** The OpenAPI document of every route. */
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
    .addBasicAuth()
    .addTag('contract A', 'Routes below /auth')
    .addTag('contract B', 'Routes below /user')
    .addTag('account', 'For the owner of an account')
    .addTag('keys', 'For whoever verifies access tokens')
    .addTag('resource servers', 'For whoever asks about tokens, with credentials of INTROSPECTION_CLIENTS')
    .addTag('health', 'For whoever operates the service');
  return SwaggerModule.createDocument(app, builder.build());
}

/** Serves Swagger UI at `/docs` and the document at `/openapi.json`. */
export function setUpSwagger(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Latchkey API',
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      requestInterceptor: useRememberedTokens,
      responseInterceptor: rememberTokens,
    },
  });
}
