import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { loadSettings } from './src/config/config.js';
import { dataSourceOptions } from './src/database/data-source-options.js';
import { prepareStoreFile } from './src/database/store-file.js';

const options = dataSourceOptions(loadSettings());
if (options.type === 'better-sqlite3') prepareStoreFile(options.database);

/** For the TypeORM command line, for instance `npm run migration:run`. */
export default new DataSource(options);
