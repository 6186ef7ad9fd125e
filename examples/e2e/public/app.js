// The page of the sample application. It keeps its tokens in localStorage, which all tabs share.
const byId = (id) => document.getElementById(id);
const config = fetch('config.json').then((response) => response.json());

const readTokens = () => JSON.parse(localStorage.getItem('tokens'));
const storeTokens = (tokens) => localStorage.setItem('tokens', JSON.stringify(tokens));

/** Sends a request. Sends it again, up to twice, if its answer is lost on the way. */
async function send(url, options, retries = 2) {
  try {
    const response = await fetch(url, options);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text && JSON.parse(text) };
  } catch (error) {
    if (retries === 0) throw error;
    return send(url, options, retries - 1);
  }
}

/** Sends a request with a JSON body to Latchkey. */
async function sendToLatchkey(method, path, body, retries) {
  const { latchkeyUrl } = await config;
  const headers = { 'Content-Type': 'application/json' };
  return send(latchkeyUrl + path, { method, headers, body: JSON.stringify(body) }, retries);
}

/** Gets a URL with the access token. Exchanges the token and tries again if it has expired. */
async function get(url) {
  const attempt = () => send(url, { headers: { Authorization: `Bearer ${readTokens()?.access}` } });
  const answer = await attempt();
  return answer.status === 401 && (await refresh()) ? attempt() : answer;
}

/** Exchanges the tokens. A second attempt with the same token gets the same answer. */
async function refresh() {
  const { status, body } = await sendToLatchkey('POST', '/auth/token/refresh', { refresh: readTokens()?.refresh });
  if (status === 200) storeTokens(body);
  if (status === 401) endSession('Your session has ended.');
  return status === 200;
}

function endSession(message) {
  localStorage.removeItem('tokens');
  byId('message').textContent = message;
  return show();
}

/** Shows the form, or the account and its notes. */
async function show() {
  const isLoggedIn = readTokens() !== null;
  byId('login').hidden = isLoggedIn;
  byId('account').hidden = !isLoggedIn;
  if (!isLoggedIn) return;
  const { latchkeyUrl } = await config;
  const user = await get(`${latchkeyUrl}/auth/getuser`);
  if (user.status !== 200) return;
  byId('user').textContent = user.body.username;
  const { body } = await get('api/notes');
  byId('notes').replaceChildren(
    ...(body.notes ?? []).map((note) => Object.assign(document.createElement('li'), { textContent: note })),
  );
}

byId('login').addEventListener('submit', async (event) => {
  event.preventDefault();
  const path = event.submitter.value;
  // A sign-up whose answer was lost would meet its own name at a second attempt.
  const retries = path === '/auth/register' ? 0 : 2;
  const { status, headers, body } = await sendToLatchkey(
    'POST',
    path,
    Object.fromEntries(new FormData(event.target)),
    retries,
  );
  const problems = {
    401: 'Wrong name or password.',
    409: 'This name is taken.',
    429: `Too many attempts. Try again in ${headers.get('Retry-After')} seconds.`,
  };
  const isDone = status === 200 || status === 201;
  byId('message').textContent = isDone ? '' : (problems[status] ?? 'That did not work.');
  if (isDone) {
    storeTokens(body);
    await show();
  }
});

byId('logout').addEventListener('click', async () => {
  const { access, refresh } = readTokens();
  await sendToLatchkey('DELETE', '/user/login', { access_token: access, refresh_token: refresh });
  await endSession('You have logged out.');
});

// Another tab has logged in or out.
addEventListener('storage', show);
show();
