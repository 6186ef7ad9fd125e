import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import { authTokenDialect } from './auth/auth-token/auth-token.presenter.js';
import { oauthDialect } from './auth/oauth/oauth.presenter.js';
import { userLoginDialect } from './auth/user-login/user-login.presenter.js';
import type { Config } from './config/config.js';
import { setUpSwagger } from './docs/swagger.js';
import { registerBodyParsers } from './http/body-parsers.js';
import { BodyPipe } from './http/body.pipe.js';
import { answer, Dialects, routeOf } from './http/dialect.js';
import { drainOnClose } from './http/drain.js';
import { failureOf } from './http/failure-of.js';
import { FailureFilter } from './http/failure.filter.js';
import { refuseForeignMediaTypes } from './http/media-types.js';
import { refuseMalformedHttp } from './http/malformed-http.js';
import { problemDetails } from './http/problem-details.js';
import { logRequests, requestIdOf } from './http/request-log.js';
import { refuseUnknownRoutes } from './http/routes.js';

const BODY_LIMIT_BYTES = 16 * 1024;
/** For a whole request to arrive, headers and body. */
const REQUEST_TIMEOUT_MS = 10_000;

const dialects = new Dialects([authTokenDialect, userLoginDialect, oauthDialect], problemDetails);

/** Options of `NestFactory.create`, and of the testing module's `createNestApplication`. */
export const nestOptions = { bodyParser: false, abortOnError: false } as const;

/** The HTTP server with everything that happens before a route is chosen. */
export function createAdapter(config: Config, logger: Logger): FastifyAdapter {
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for each request would be made and thrown away: what is logged names its request.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    genReqId: requestIdOf,
    trustProxy: config.TRUST_PROXY.length > 0 ? config.TRUST_PROXY : false,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1024 },
    // A URL that cannot be decoded has no route, so no filter hears of it.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      reply.headers({ 'X-Request-Id': request.id, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
      answer(reply, dialects.of(routeOf(request)).present(failureOf(error)));
    },
    // What was taken is finished, see drainOnClose.
    return503OnClosing: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // By itself Node gives headers longer than that, and takes the longer of the two for both.
    http: {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    clientErrorHandler: refuseMalformedHttp,
  });
  const fastify: FastifyInstance = adapter.getInstance();
  registerBodyParsers(fastify);
  drainOnClose(fastify);
  logRequests(fastify, logger);
  forbidCaching(fastify);
  refuseUnknownRoutes(fastify);
  refuseForeignMediaTypes(fastify, dialects);
  return adapter;
}

/** Everything around the routes; called on the application, in production as in the tests. */
export function setUp(app: NestFastifyApplication, config: Config): void {
  app.useGlobalFilters(new FailureFilter(dialects));
  app.useGlobalPipes(new BodyPipe());
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    xFrameOptions: { action: 'deny' },
    // Whether the sibling hosts speak https is not this service's to say.
    strictTransportSecurity: { includeSubDomains: false },
    // For browsers and plug-ins that are long gone; each costs every answer its bytes.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  if (config.CORS_ORIGINS.length > 0) app.enableCors(corsOptions(config.CORS_ORIGINS));
  if (config.SWAGGER) setUpSwagger(app);
}

/** Swagger UI needs its own scripts, styles and images; nothing else here is a page. */
const contentSecurityPolicy = {
  defaultSrc: ["'none'"],
  connectSrc: ["'self'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

function corsOptions(origins: string[]) {
  return {
    origin: origins,
    methods: ['GET', 'POST', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'X-Request-Id'],
    exposedHeaders: ['Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: 600,
    strictPreflight: false,
  };
}

/** Tokens must not stay in any cache (RFC 6749 section 5.1). Routes whose answers may be kept say so themselves. */
function forbidCaching(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('Cache-Control', 'no-store');
    done();
  });
}
