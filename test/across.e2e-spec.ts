import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newName, PASSWORD, register, signUp } from './support/accounts.js';
import { type Service, startService } from './support/service.js';

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

describe('The account store behind both contracts', () => {
  it('accepts at B an account that was registered at A', async () => {
    const { username } = await register(service.client);
    const login = await service.client.post('/user/login', { username, password: PASSWORD });
    expect(login.status).toBe(201);
    const { access_token, refresh_token } = login.body as Record<string, string>;
    expect((await service.client.post('/user/login/refresh', { refresh_token })).status).toBe(201);
    expect((await service.client.get('/auth/getuser', access_token)).body).toEqual({ username });
    expect((await service.client.delete('/user/login', { access_token, refresh_token })).status).toBe(204);
  });

  it('accepts at A, by username and by email, an account that signed up at B', async () => {
    const { username, email } = await signUp(service.client);
    for (const name of [username, email]) {
      const login = await service.client.post('/auth/token', { username: name, password: PASSWORD });
      expect(login.status).toBe(200);
      expect((await service.client.get('/auth/getuser', login.body.access as string)).body).toEqual({ username });
    }
  });

  it('uses a username that is an email address as the email, too', async () => {
    const email = `${newName()}@example.com`;
    await register(service.client, email);
    const login = await service.client.post('/user/login', { username: email.toUpperCase(), password: PASSWORD });
    expect(login.status).toBe(201);
  });

  it('refuses a username that is the email of another account', async () => {
    const { email } = await signUp(service.client);
    const reply = await service.client.post('/auth/register', { username: email, password: 'another password' });
    expect(reply.status).toBe(409);
  });

  it('refreshes the tokens of one contract at the other', async () => {
    const a = await register(service.client);
    expect((await service.client.post('/user/login/refresh', { refresh_token: a.refresh })).status).toBe(201);
    const b = await signUp(service.client);
    const rotated = await service.client.post('/auth/token/refresh', { refresh: b.refresh });
    expect(rotated.status).toBe(200);
    expect((await service.client.post('/user/login/refresh', { refresh_token: rotated.body.refresh })).status).toBe(
      201,
    );
  });

  it('serves its paths with and without a trailing slash', async () => {
    const username = newName();
    expect((await service.client.post('/auth/register/', { username, password: PASSWORD })).status).toBe(201);
    expect((await service.client.post('/user/login/', { username, password: PASSWORD })).status).toBe(201);
  });
});
