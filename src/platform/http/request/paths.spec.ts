import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { originForm, pathOf, routeOf, withoutTrailingSlash } from './paths.js';

describe('originForm', () => {
  it.each([
    ['/auth/token', '/auth/token'],
    ['http://example.com/auth/token?x=1', '/auth/token?x=1'],
    ['HTTPS://example.com:8443/auth', '/auth'],
    ['http://example.com', '/'],
    ['http://example.com?x=1', '/?x=1'],
    ['http://example.com#x', '/#x'],
    ['http:///auth', '/auth'],
    ['//example.com/auth', '//example.com/auth'],
    ['*', '/*'],
    ['', '/'],
    ['ftp://example.com/auth', '/ftp://example.com/auth'],
    ['/http://example.com/auth', '/http://example.com/auth'],
  ])('turns %j into %j', (target, path) => {
    expect(originForm(target)).toBe(path);
  });
});

describe('pathOf', () => {
  it.each([
    ['/auth/token', '/auth/token'],
    ['/auth/token?next=/user', '/auth/token'],
    ['/auth/token#/user', '/auth/token'],
    ['/auth?/user#x', '/auth'],
    ['/%61uth/token', '/auth/token'],
    ['/auth%2ftoken', '/auth%2ftoken'],
    ['/auth%3fx', '/auth%3fx'],
    ['/%C3%A9', '/é'],
    ['/auth/../user', '/auth/../user'],
    ['//auth', '//auth'],
    ['http://example.com/auth?x', '/auth'],
  ])('reads %j as %j', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });

  it.each(['/%', '/auth/%zz', '/user/%ff', '/%ed%a0%80'])(
    'leaves %j as it is, because it cannot be decoded',
    (target) => {
      expect(pathOf(target)).toBe(target);
    },
  );

  it('begins with a slash and never throws, for any target', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (target) => pathOf(target).startsWith('/')));
  });
});

describe('routeOf', () => {
  const requestOf = (url: string, route?: string) => ({ url, routeOptions: { url: route } }) as FastifyRequest;

  it('returns the pattern of the route', () => {
    expect(routeOf(requestOf('/account/sessions/1', '/account/sessions/:id'))).toBe('/account/sessions/:id');
  });

  it('returns the decoded path if there is no route', () => {
    expect(routeOf(requestOf('/%61uth/nothing?x=1'))).toBe('/auth/nothing');
  });
});

describe('withoutTrailingSlash', () => {
  it.each([
    ['/', '/'],
    ['/auth/', '/auth'],
    ['/auth', '/auth'],
    ['/auth//', '/auth/'],
  ])('turns %j into %j', (path, expected) => {
    expect(withoutTrailingSlash(path)).toBe(expected);
  });
});
