import type { OpenAPIObject } from '@nestjs/swagger';
import { Ajv, type ErrorObject } from 'ajv';
import { pathOf } from '../../../../src/platform/http/request/paths.js';
import { credentialsIn, withoutCredentials } from './credentials.js';
import { type CheckedExchange, isJson, mediaTypeOf } from './exchange.js';
import { type DocumentedAnswer, type Operation, Operations } from './operations.js';
import type { AnswerViolationKind, RequestViolationKind, Violation } from './violation.js';

/** Pages for people and browsers, which no document describes. */
const PAGE = /^\/(?:docs(?:\/.*)?|openapi\.json|favicon\.ico|robots\.txt)?$/;

/** nginx's status for a client that has gone. No client receives such an answer. */
const CLIENT_GONE = 499;

/** Checks exchanges with the service against its OpenAPI document. */
export class ContractChecker {
  private readonly operations: Operations;
  private readonly ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });

  constructor(document: OpenAPIObject) {
    this.operations = new Operations(document);
    this.ajv.addSchema({ $id: 'openapi', ...(document as object) });
  }

  /** Returns where an answer differs from the documentation of its operation. */
  checkAnswer(exchange: CheckedExchange): Violation[] {
    const { method, url, status } = exchange;
    const violation = (kind: AnswerViolationKind, message: string): Violation => {
      return { side: 'answer', kind, message, ...placeOf(exchange) };
    };
    const operation = this.operations.find(method, url);
    if (!operation) {
      if (status === 404 || status === 405 || isPage(exchange) || isPreflight(exchange)) return [];
      return [violation('undocumented_route', `the route is not documented, and answers ${status}`)];
    }
    if (status === CLIENT_GONE || refusesRequestAsSuch(exchange, operation)) return [];
    const documented = operation.responses[String(status)];
    if (!documented) return [violation('undocumented_status', `the status ${status} is not documented`)];
    const missing = Object.keys(documented.headers ?? {})
      .filter((name) => exchange.headers[name.toLowerCase()] === undefined)
      .map((name) => violation('missing_header', `the answer lacks the header ${name}`));
    // An answer to HEAD has the headers of its body, and no body.
    if (method === 'HEAD') return missing;
    return [...missing, ...this.checkBody(exchange, operation, documented, violation)];
  }

  /**
   * Returns what a request does that the document does not offer. A body that the service has
   * refused is no violation, since the client knows about it from the answer.
   */
  checkRequest(exchange: CheckedExchange): Violation[] {
    const { method, url, status } = exchange;
    const violation = (kind: RequestViolationKind, message: string): Violation => {
      return { side: 'request', kind, message, ...placeOf(exchange) };
    };
    const violations = credentialsIn(url).map((name) =>
      violation(
        'credentials_in_query',
        `the query parameter ${name} holds a credential, which servers and proxies log`,
      ),
    );
    const operation = this.operations.find(method, url);
    if (!operation) {
      const isKnown = isPage(exchange) || isPreflight(exchange);
      return isKnown ? violations : [...violations, violation('unknown_route', 'the document has no such operation')];
    }
    if (hasForeignMediaType(exchange, operation)) {
      const given = mediaTypeOf(exchange.requestHeaders) || 'no media type';
      const taken = Object.keys(operation.requestBody?.content ?? {}).join(', ');
      violations.push(violation('wrong_media_type', `the body has ${given}; the operation takes ${taken}`));
    }
    if (![400, 413, 415].includes(status)) {
      const known = this.operations.fieldsOf(operation);
      for (const name of fieldsOf(exchange.requestBody))
        if (!known.has(name))
          violations.push(violation('unknown_field', `the operation does not take the field ${name}`));
    }
    return violations;
  }

  private checkBody(
    { headers, text, status }: CheckedExchange,
    { template, method }: Operation,
    { content }: DocumentedAnswer,
    violation: (kind: AnswerViolationKind, message: string) => Violation,
  ): Violation[] {
    if (!content) return text === '' ? [] : [violation('wrong_body', 'the answer is documented without a body')];
    const mediaType = mediaTypeOf(headers);
    if (!Object.hasOwn(content, mediaType)) {
      const documented = Object.keys(content).join(', ');
      const given = mediaType || 'none';
      return [violation('undocumented_media_type', `the media type is ${given}; ${documented} is documented`)];
    }
    const pointer = ['paths', template, method, 'responses', String(status), 'content', mediaType, 'schema'];
    const validate = this.ajv.getSchema(`openapi#/${pointer.map(escaped).join('/')}`);
    if (!validate) return [];
    const body = isJson(mediaType) ? parsed(text) : { value: text };
    if (!body) return [violation('wrong_body', 'the body is not JSON')];
    if (validate(body.value)) return [];
    return [violation('wrong_body', (validate.errors ?? []).map(problemOf).join('; '))];
  }
}

function placeOf({ method, url, status }: CheckedExchange) {
  return { method, url: withoutCredentials(url), status };
}

function isPage({ method, url }: CheckedExchange): boolean {
  return (method === 'GET' || method === 'HEAD') && PAGE.test(pathOf(url));
}

/** Tells whether a browser asks for leave to send a request (CORS). */
function isPreflight({ method, status }: CheckedExchange): boolean {
  return method === 'OPTIONS' && status === 204;
}

/**
 * Tells whether an answer refuses a request before its route matters: because it breaks the rules
 * of HTTP, or because of a body that the operation does not read. The document repeats such answers
 * at no route.
 */
function refusesRequestAsSuch({ status, text, requestHeaders }: CheckedExchange, { requestBody }: Operation): boolean {
  if ((status === 400 || status === 417) && /:\s*"bad request"/.test(text)) return true;
  return !requestBody && mediaTypeOf(requestHeaders) !== '' && [400, 413, 415].includes(status);
}

function hasForeignMediaType({ requestHeaders, requestBody }: CheckedExchange, operation: Operation): boolean {
  if (!operation.requestBody || !requestHeaders) return false;
  const { 'content-length': length, 'transfer-encoding': coding } = requestHeaders;
  const hasBody = fieldsOf(requestBody).length > 0 || Number(length ?? 0) > 0 || coding !== undefined;
  return hasBody && !Object.hasOwn(operation.requestBody.content, mediaTypeOf(requestHeaders));
}

function fieldsOf(body: unknown): string[] {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : [];
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function problemOf({ instancePath, message = 'is not valid', params }: ErrorObject): string {
  const { additionalProperty } = params as { additionalProperty?: string };
  return `body${instancePath} ${message}${additionalProperty === undefined ? '' : `: ${additionalProperty}`}`;
}

const escaped = (token: string) => encodeURIComponent(token.replaceAll('~', '~0').replaceAll('/', '~1'));
