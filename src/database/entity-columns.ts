import { getMetadataArgsStorage, type ValueTransformer } from 'typeorm';
import type { Row, Value } from './statements.service.js';

/** Some columns of an entity, for statements that are written by hand; names and conversions are as the entity says. Alias: of its table, in queries. */
export class EntityColumns<Entity extends object, Property extends keyof Entity & string> {
  private readonly columns;

  constructor(target: new () => Entity, properties: readonly Property[], alias = '') {
    const known = getMetadataArgsStorage().filterColumns(target);
    this.columns = properties.map((property) => {
      const column = known.find(({ propertyName }) => propertyName === property);
      if (!column) throw new Error(`${target.name} has no column ${property}`);
      const { name = property } = column.options;
      const transformer = column.options.transformer as ValueTransformer | undefined;
      return {
        ...{ property, name, selected: `${alias}.${name}`, label: `${alias}_${property}` },
        from: transformer && ((value: unknown): unknown => transformer.from(value)),
      };
    });
  }

  /** For `INSERT INTO table`. */
  get insertion(): string {
    return `(${this.columns.map(({ name }) => name).join(', ')}) VALUES ${this.places}`;
  }

  /** One row of values, for an {@link insertion} of more than one. */
  get places(): string {
    return `(${this.columns.map(() => '?').join(', ')})`;
  }

  /** The values of {@link insertion}. */
  valuesOf(entity: Readonly<Record<Property, Value>>): Value[] {
    return this.columns.map(({ property }) => entity[property]);
  }

  /** For `SELECT`. */
  get selection(): string {
    return this.columns.map(({ selected, label }) => `${selected} AS ${label}`).join(', ');
  }

  /** The entity in a row of {@link selection}. */
  read(row: Row): Pick<Entity, Property> {
    const entity: Record<string, unknown> = {};
    for (const { property, label, from } of this.columns) {
      const value = row[label];
      entity[property] = from ? from(value) : value;
    }
    return entity as Pick<Entity, Property>;
  }
}
