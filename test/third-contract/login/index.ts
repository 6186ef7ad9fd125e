import { LoginController } from './login.controller.js';
import { loginDialect } from './login.dialect.js';

/** A contract of the tests: one login with the errors of JSON:API. */
export const thirdContract = { dialect: loginDialect, controller: LoginController };
