import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { loadSettings } from './src/config/config.js';
import { dataSourceOptions } from './src/database/data-source-options.js';

/** For the TypeORM command line, for instance `npm run migration:run`. */
export default new DataSource(dataSourceOptions(loadSettings()));
