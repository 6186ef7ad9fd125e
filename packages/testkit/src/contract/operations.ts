import type { OpenAPIObject } from '@nestjs/swagger';
import { pathOf, withoutTrailingSlash } from '../../../../src/platform/http/request/paths.js';

type Media = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export interface DocumentedAnswer {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Media;
}

/** An operation of the document, and where the document has it. */
export interface Operation {
  readonly template: string;
  /** In lower case. */
  readonly method: string;
  readonly requestBody?: { readonly content: Media };
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}

/** The operations of an OpenAPI document. */
export class Operations {
  private readonly templates: readonly string[];

  constructor(private readonly document: OpenAPIObject) {
    this.templates = Object.keys(document.paths);
  }

  /** Returns the operation that a request is for. A `HEAD` request is for the `GET` operation. */
  find(method: string, url: string): Operation | undefined {
    const template = this.templateOf(withoutTrailingSlash(pathOf(url)));
    if (template === undefined) return undefined;
    const item = this.document.paths[template] as Record<string, Omit<Operation, 'template' | 'method'>>;
    const name = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = Object.hasOwn(item, name) ? item[name] : undefined;
    return operation && { ...operation, template, method: name };
  }

  /** Returns the names of the fields that the body of an operation may have. */
  fieldsOf({ requestBody }: Operation): Set<string> {
    const fields = new Set<string>();
    const pending = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => schema ?? []);
    for (let schema = pending.pop(); schema; schema = pending.pop()) {
      const { $ref, properties = {}, oneOf = [], anyOf = [], allOf = [] } = schema;
      for (const name of Object.keys(properties)) fields.add(name);
      pending.push(...oneOf, ...anyOf, ...allOf, ...($ref === undefined ? [] : [this.schemaAt($ref)]));
    }
    return fields;
  }

  private templateOf(path: string): string | undefined {
    const segments = path.split('/');
    const fits = (template: string) => {
      const parts = template.split('/');
      return parts.length === segments.length && parts.every((part, i) => part.startsWith('{') || part === segments[i]);
    };
    return this.templates.find((template) => template === path) ?? this.templates.find(fits);
  }

  private schemaAt(reference: string): Schema {
    const name = reference.replace('#/components/schemas/', '');
    return this.document.components?.schemas?.[name] ?? {};
  }
}
