import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from 'pino';
import { authTokenDialect } from '../auth/contracts/auth-token/auth-token.presenter.js';
import { oauthDialect } from '../resource-servers/oauth.presenter.js';
import { userLoginDialect } from '../auth/contracts/user-login/user-login.presenter.js';
import type { Config } from '../platform/config/config.js';
import { setUpSwagger } from '../platform/openapi/swagger.js';
import { refuseAmbiguousRequests } from '../platform/http/server/ambiguous-requests.js';
import { registerBodyParsers } from '../platform/http/body/body-parsers.js';
import { BodyPipe } from '../platform/http/body/body.pipe.js';
import { Connections } from '../platform/http/server/connections.js';
import { Dialects } from '../platform/http/dialect/dialect.js';
import { drainOnClose } from '../platform/http/server/drain.js';
import { FailureFilter } from '../platform/http/dialect/failure.filter.js';
import { refuseForeignMediaTypes } from '../platform/http/body/media-types.js';
import { MalformedHttp } from '../platform/http/server/malformed-http.js';
import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { logRequests, requestIdOf } from '../platform/http/request/request-log.js';
import { refuseUnknownRoutes } from '../platform/http/dialect/routes.js';
import { type Limits, serverFactory } from '../platform/http/server/server.js';
import { TrustedProxies } from '../platform/http/server/trusted-proxies.js';
import { UndecodableUrls } from '../platform/http/server/undecodable-urls.js';
import { sourceOf } from '../limits/source.js';

const BODY_LIMIT_BYTES = 16 * 1024;
/** More than any URL has, which is a header's worth at most. */
const PARAMETER_LIMIT = 64 * 1024;

const dialects = new Dialects([authTokenDialect, userLoginDialect, oauthDialect], problemDetails);

/** Options of `NestFactory.create`, and of the testing module's `createNestApplication`. */
export const nestOptions = { bodyParser: false, abortOnError: false } as const;

/** The HTTP server with everything that happens before a route is chosen. */
export function createAdapter(config: Config, logger: Logger): FastifyAdapter {
  const connections = new Connections();
  const malformedHttp = new MalformedHttp(connections, logger);
  const undecodableUrls = new UndecodableUrls();
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for each request would be made and thrown away: what is logged names its request.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    genReqId: requestIdOf,
    trustProxy: config.TRUST_PROXY.length > 0 ? config.TRUST_PROXY : false,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAMETER_LIMIT },
    frameworkErrors: undecodableUrls.onFrameworkError,
    // What was taken is finished, see drainOnClose.
    return503OnClosing: false,
    serverFactory: serverFactory(limitsOf(config), connections, logger),
    clientErrorHandler: malformedHttp.onClientError,
  });
  const fastify: FastifyInstance = adapter.getInstance();
  registerBodyParsers(fastify);
  drainOnClose(fastify, connections);
  malformedHttp.refuseTunnels(fastify.server);
  logRequests(fastify, logger);
  forbidCaching(fastify);
  undecodableUrls.refuse(fastify);
  refuseAmbiguousRequests(fastify);
  refuseUnknownRoutes(fastify);
  refuseForeignMediaTypes(fastify, dialects);
  return adapter;
}

function limitsOf(config: Config): Limits {
  const { MAX_CONNECTIONS, MAX_CONNECTIONS_SOURCE, KEEP_ALIVE_TIMEOUT, HASH_TIMEOUT, TRUST_PROXY } = config;
  const proxies = new TrustedProxies(TRUST_PROXY);
  return {
    maxConnections: MAX_CONNECTIONS,
    maxConnectionsOfSource: MAX_CONNECTIONS_SOURCE,
    sourceOf: (address) => (proxies.has(address) ? undefined : sourceOf(address)),
    keepAliveMs: KEEP_ALIVE_TIMEOUT * 1000,
    waitMs: HASH_TIMEOUT * 1000,
  };
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
