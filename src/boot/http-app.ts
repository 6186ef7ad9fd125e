import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type FastifyBaseLogger, type FastifyInstance, type FastifyServerFactory, LogController } from 'fastify';
import type { Logger } from 'pino';
import { type Contract, CONTRACTS } from '../auth/contract.js';
import { oauthDialect } from '../resource-servers/oauth.dialect.js';
import type { Config } from '../platform/config/config.js';
import { redirectBrowsersToDocs } from '../platform/openapi/docs-redirect.js';
import { openApiDocument, setUpSwagger } from '../platform/openapi/swagger.js';
import { refuseAmbiguousRequests } from '../platform/http/server/ambiguous-requests.js';
import { registerBodyParsers } from '../platform/http/body/body-parsers.js';
import { RequestPipe } from '../platform/http/body/request.pipe.js';
import { Connections } from '../platform/http/server/connections.js';
import { chooseDialects, Dialects } from '../platform/http/dialect/dialects.js';
import { drainOnClose } from '../platform/http/server/drain.js';
import { FailureFilter } from '../platform/http/dialect/failure.filter.js';
import { refuseForeignMediaTypes } from '../platform/http/body/media-types.js';
import { MalformedHttp } from '../platform/http/server/malformed-http.js';
import { problemDetails } from '../platform/http/dialect/problem-details.js';
import { logRequests, requestIdOf } from '../platform/http/request/request-log.js';
import { refuseUnknownRoutes } from '../platform/http/request/unknown-routes.js';
import { type Limits, serverFactory } from '../platform/http/server/server.js';
import { TrustedProxies } from '../platform/http/server/trusted-proxies.js';
import { UndecodableUrls } from '../platform/http/server/undecodable-urls.js';
import { sourceOf } from '../limits/source.js';

const BODY_LIMIT_BYTES = 16 * 1024;
/** More than any URL has, since the limit on headers applies first. */
const PARAMETER_LIMIT = 64 * 1024;

/** Options of `NestFactory.create`, and of the testing module's `createNestApplication`. */
export const nestOptions = { bodyParser: false, abortOnError: false } as const;

export interface AdapterOptions {
  /** The contracts that the service speaks (default: all that are registered). */
  readonly contracts?: readonly Contract[];
  /** Makes the HTTP server (default: a server with the limits of the configuration). */
  readonly makeServer?: FastifyServerFactory;
}

/** Creates the HTTP server, with everything that happens before a route runs. */
export function createAdapter(
  config: Config,
  logger: Logger,
  { contracts = CONTRACTS, makeServer }: AdapterOptions = {},
): FastifyAdapter {
  const dialects = new Dialects([...contracts.map(({ dialect }) => dialect), oauthDialect], problemDetails);
  const connections = new Connections();
  const malformedHttp = new MalformedHttp(connections, logger);
  const undecodableUrls = new UndecodableUrls();
  const adapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // Saves a child logger for each request. Log lines name their request themselves.
    childLoggerFactory: (parent: FastifyBaseLogger) => parent,
    genReqId: requestIdOf,
    trustProxy: config.TRUST_PROXY.length > 0 ? config.TRUST_PROXY : false,
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: PARAMETER_LIMIT },
    frameworkErrors: undecodableUrls.onFrameworkError,
    // drainOnClose lets requests in progress finish.
    return503OnClosing: false,
    serverFactory: makeServer ?? serverFactory(limitsOf(config), connections, logger),
    clientErrorHandler: malformedHttp.onClientError,
  });
  const fastify: FastifyInstance = adapter.getInstance();
  registerBodyParsers(fastify, dialects.mediaTypes);
  drainOnClose(fastify, connections);
  malformedHttp.refuseTunnels(fastify.server);
  logRequests(fastify, logger);
  forbidCaching(fastify);
  chooseDialects(fastify, dialects);
  undecodableUrls.refuse(fastify);
  refuseAmbiguousRequests(fastify);
  if (config.SWAGGER) redirectBrowsersToDocs(fastify);
  refuseUnknownRoutes(fastify);
  refuseForeignMediaTypes(fastify);
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

/**
 * Sets up everything around the routes, in production and in tests.
 * @param document returns the OpenAPI document that Swagger UI shows
 */
export function setUp(app: NestFastifyApplication, config: Config, document = () => openApiDocument(app)): void {
  app.useGlobalFilters(new FailureFilter());
  app.useGlobalPipes(new RequestPipe());
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy },
    xFrameOptions: { action: 'deny' },
    // This service cannot know whether its sibling hosts speak https.
    strictTransportSecurity: { includeSubDomains: false },
    // These headers are for browsers and plug-ins that are no longer in use. Each would add bytes
    // to every answer.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
  if (config.CORS_ORIGINS.length > 0) app.enableCors(corsOptions(config.CORS_ORIGINS));
  if (config.SWAGGER) setUpSwagger(app, document);
}

/** Allows the scripts, styles and images of Swagger UI, which is the only page. */
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

/**
 * Keeps tokens out of caches (RFC 6749 section 5.1). A route whose answers may be cached overrides
 * it.
 */
function forbidCaching(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('Cache-Control', 'no-store');
    done();
  });
}
