// The contracts that this service speaks: one line each.
export { authToken } from './contracts/auth-token/auth-token.controller.js';
export { userLogin } from './contracts/user-login/user-login.controller.js';
