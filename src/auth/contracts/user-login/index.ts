import { UserLoginController } from './user-login.controller.js';
import { userLoginDialect } from './user-login.dialect.js';

/** Contract B. */
export const userLogin = { dialect: userLoginDialect, controller: UserLoginController };
