import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { loadSettings } from './src/platform/config/config.js';
import { dataSourceOptions } from './src/platform/database/data-source-options.js';
import { prepareStoreFile } from './src/platform/database/store-file.js';
import { migrations } from './src/platform/schema/migrations/index.js';

const options = dataSourceOptions(loadSettings(), migrations);
if (options.type === 'better-sqlite3') prepareStoreFile(options.database);

/** For the TypeORM command line, for instance `npm run migration:run`. */
export default new DataSource(options);
