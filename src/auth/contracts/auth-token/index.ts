import { AuthTokenController } from './auth-token.controller.js';
import { authTokenDialect } from './auth-token.dialect.js';

/** Contract A. */
export const authToken = { dialect: authTokenDialect, controller: AuthTokenController };
