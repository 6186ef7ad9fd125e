import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CONFIG, type Config } from '../platform/config/config.js';
import { oauthDialect } from './oauth.dialect.js';
import { ApiMetadata } from './oauth.openapi.js';

/** RFC 8414 section 2. Grants and response types are empty, because the contracts are not OAuth. */
interface Metadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly response_types_supported: readonly string[];
  readonly grant_types_supported: readonly string[];
  readonly introspection_endpoint?: string;
  readonly introspection_endpoint_auth_methods_supported?: readonly string[];
  readonly revocation_endpoint?: string;
  readonly revocation_endpoint_auth_methods_supported?: readonly string[];
}

@ApiTags(oauthDialect.tag.name)
@Controller('.well-known')
export class MetadataController {
  private readonly metadata: Metadata;

  constructor(@Inject(CONFIG) { ISSUER, INTROSPECTION_CLIENTS }: Config) {
    const at = (path: string) => ISSUER.replace(/\/$/, '') + path;
    const methods = ['client_secret_basic'];
    this.metadata = {
      issuer: ISSUER,
      jwks_uri: at('/.well-known/jwks.json'),
      response_types_supported: [],
      grant_types_supported: [],
      // Without clients, no request to these endpoints can succeed.
      ...(INTROSPECTION_CLIENTS.length > 0 && {
        introspection_endpoint: at('/oauth/introspect'),
        introspection_endpoint_auth_methods_supported: methods,
        revocation_endpoint: at('/oauth/revoke'),
        revocation_endpoint_auth_methods_supported: methods,
      }),
    };
  }

  @ApiMetadata()
  @Get('oauth-authorization-server')
  @Header('Cache-Control', 'public, max-age=300')
  get(): Metadata {
    return this.metadata;
  }
}
