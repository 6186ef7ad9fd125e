import { getMetadataArgsStorage, type ValueTransformer } from 'typeorm';
import { placesOf } from './padded.js';
import type { Row, Value } from './statements.service.js';

/** Some columns of an entity, for inserts that are written by hand. */
export class EntityColumns<Entity extends object, Property extends keyof Entity & string> {
  private readonly columns;

  constructor(target: new () => Entity, properties: readonly Property[]) {
    this.columns = columnsOf(target, properties);
  }

  /** The part of a statement that follows `INSERT INTO table`. */
  get insertion(): string {
    return `(${this.columns.map(({ name }) => name).join(', ')}) VALUES ${this.places}`;
  }

  /** The placeholders of one more row, for an {@link insertion} of several rows. */
  get places(): string {
    return placesOf(this.columns.length);
  }

  /** Returns the values of a row, in the order of {@link insertion}. */
  valuesOf(entity: Readonly<Record<Property, Value>>): Value[] {
    return this.columns.map(({ property }) => entity[property]);
  }
}

/** Some columns of an entity, for queries that are written by hand. */
export class Selection<Entity extends object, Property extends keyof Entity & string> {
  private readonly columns;

  /** @param alias the name of the entity's table in the query */
  constructor(
    target: new () => Entity,
    properties: readonly Property[],
    private readonly alias: string,
  ) {
    this.columns = columnsOf(target, properties).map((column) => ({
      ...column,
      label: `${alias}_${column.property}`,
    }));
  }

  /** The part of a statement that follows `SELECT`. */
  get text(): string {
    return this.columns.map(({ name, label }) => `${this.alias}.${name} AS ${label}`).join(', ');
  }

  /** Returns these columns of the entity, from a row of the query. */
  read(row: Row): Pick<Entity, Property> {
    const entity: Record<string, unknown> = {};
    for (const { property, label, from } of this.columns) {
      const value = row[label];
      entity[property] = from ? from(value) : value;
    }
    return entity as Pick<Entity, Property>;
  }
}

/** Finds the names and conversions of columns, as the entity declares them. */
function columnsOf<Property extends string>(target: new () => object, properties: readonly Property[]) {
  const known = getMetadataArgsStorage().filterColumns(target);
  return properties.map((property) => {
    const column = known.find(({ propertyName }) => propertyName === property);
    if (!column) throw new Error(`${target.name} has no column ${property}`);
    const { name = property } = column.options;
    const transformer = column.options.transformer as ValueTransformer | undefined;
    return { property, name, from: transformer && ((value: unknown): unknown => transformer.from(value)) };
  });
}
