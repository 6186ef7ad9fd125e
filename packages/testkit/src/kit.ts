import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { controlPlane } from './control/control-plane.js';
import { refuseForeignCallers } from './control/foreign-callers.js';
import { documentControlPlane } from './control/openapi.js';
import { assignTenant } from './control/tenant-of.js';
import { seedOf, type Seed } from './seed.js';
import type { Settings } from './settings.js';
import { Tenant } from './tenant.js';

export interface KitOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly settings: Settings;
  readonly seed: Seed;
  readonly logLevel: string;
  /** Host names beside the loopback ones under which clients may call the control plane. */
  readonly hosts: readonly string[];
}

/** The first segments of a tenant's URL, and the rest of the path. */
const TENANT_PATH = /^\/t\/([\w-]{1,64})(?=[/?]|$)/;

const MARK = 'X-Latchkey-Testkit';

const MALFORMED = `HTTP/1.1 400 Bad Request\r\n${MARK}: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

/** CI machines stall, so the kit waits for its clients longer than the service does. */
const KEEP_ALIVE_MS = 75_000;

/**
 * One server with the tenants behind it. The tenant without a name is at the root; the others are
 * at `/t/NAME`, and are made when a client first asks for them.
 */
export class Kit {
  private readonly tenants = new Map<string, Promise<Tenant>>();
  private readonly control: FastifyInstance;
  private readonly server: Server;
  url = '';

  private constructor(private readonly options: KitOptions) {
    this.control = controlPlane(this);
    this.server = createServer(
      { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: KEEP_ALIVE_MS },
      (request, response) => {
        void this.answer(request, response);
      },
    );
    // Node would answer malformed HTTP without the mark of the kit.
    this.server.on('clientError', (_error, socket) => {
      socket.end(MALFORMED);
    });
  }

  /** Starts the server, and the tenant at the root with its seed. */
  static async start(options: KitOptions): Promise<Kit> {
    const kit = new Kit(options);
    // The document names the routes, which are registered only now.
    await kit.control.ready();
    kit.server.listen(options.port, options.host);
    await once(kit.server, 'listening');
    const { address, port } = kit.server.address() as AddressInfo;
    const host = ['0.0.0.0', '::'].includes(address) ? 'localhost' : address.includes(':') ? `[${address}]` : address;
    kit.url = `http://${host}:${port}`;
    try {
      await kit.tenant('');
    } catch (error) {
      await kit.stop();
      throw error;
    }
    return kit;
  }

  /** Returns a tenant. Starts it if it is new. */
  tenant(name: string): Promise<Tenant> {
    const known = this.tenants.get(name) ?? this.startTenant(name);
    this.tenants.set(name, known);
    return known;
  }

  get tenantNames(): string[] {
    return [...this.tenants.keys()].filter((name) => name !== '');
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    const started = await Promise.allSettled(this.tenants.values());
    for (const tenant of started) if (tenant.status === 'fulfilled') await tenant.value.stop();
    await this.control.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader(MARK, '1');
    const { url = '/' } = request;
    const [prefix = '', name = ''] = TENANT_PATH.exec(url) ?? [];
    const path = url.slice(prefix.length);
    request.url = path.startsWith('/') ? path : `/${path}`;
    const isControl = /^\/_test(?=[/?]|$)/.test(request.url);
    try {
      if (isControl && refuseForeignCallers(request, response, this.options.hosts)) return;
      const tenant = await this.tenant(name);
      if (!isControl) {
        await tenant.handle(request, response);
        return;
      }
      assignTenant(request, tenant);
      this.control.routing(request, response);
    } catch (error) {
      response.destroy(error as Error);
    }
  }

  private startTenant(name: string): Promise<Tenant> {
    const { settings, logLevel, seed } = this.options;
    const path = name === '' ? '' : `/t/${name}`;
    const starting = Tenant.start({
      url: this.url + path,
      settings,
      logLevel,
      seed: seedOf(seed),
      complete: (document) => documentControlPlane({ ...document, servers: [{ url: path || '/' }] }, this.control),
    });
    // A failed start may succeed at the next request.
    starting.catch(() => this.tenants.delete(name));
    return starting;
  }
}
