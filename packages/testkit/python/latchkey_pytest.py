"""Fixtures for pytest over the Latchkey test kit.

One file without dependencies, for Python 3.9 and later. Copy it beside the tests and load it with
``-p latchkey_pytest``.

``LATCHKEY_URL``      base URL of a running kit. Without it, the fixtures start one.
``LATCHKEY_TESTKIT``  the command that starts a kit. Default: ``npx latchkey-testkit``.
"""

import json
import os
import shlex
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

_STOP_SECONDS = 10
_CALL_SECONDS = 30

# A proxy of the environment would not reach a kit on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ControlError(Exception):
    """An answer of the control plane that is no success."""

    def __init__(self, status, problem):
        detail = problem.get("detail", "no detail")
        super().__init__(f"the test kit answers {status}: {detail} {problem.get('errors', {})}")
        self.status = status
        self.problem = problem


class Latchkey:
    """A tenant of a running kit. Every method is one request to the control plane.

    ``url`` is the base URL for the application under test.
    """

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.accounts = Accounts(self)
        self.tokens = Tokens(self)
        self.clock = TestClock(self)
        self.settings = Settings(self)
        self.limits = Limits(self)
        self.faults = Faults(self)
        self.outbox = Outbox(self)
        self.requests = Requests(self)
        self.events = Events(self)
        self.contract = Contract(self)

    def call(self, method, path, body=None):
        """Sends a request to the control plane, and returns the parsed answer.

        Raises ControlError for an answer that is no success. Use it for routes that have no method
        here.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_test/v1{path}", data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with _OPENER.open(request, timeout=_CALL_SECONDS) as response:
                return _parsed(response.read())
        except urllib.error.HTTPError as error:
            with error:
                raise ControlError(error.code, _problem_of(error.read())) from None

    def tenant(self, name):
        """Returns the tenant at ``/t/NAME``, which is made at its first request."""
        return Latchkey(f"{self.url}/t/{urllib.parse.quote(name, safe='')}")

    def reset(self):
        """Removes all but the signing keys, restores clock and settings, and seeds again."""
        self.call("POST", "/reset")


class _Topic:
    """A group of methods over the control plane of one tenant."""

    def __init__(self, latchkey):
        self._call = latchkey.call


class Accounts(_Topic):
    def create(self, **account):
        """Makes an account. What is left out is made up, and unique.

        Takes ``username``, ``password``, ``password_hash``, ``email``, ``first_name``,
        ``last_name``, ``disabled`` and ``id``. ``tokens=True`` opens a session for the account.
        """
        return self._call("POST", "/accounts", account)

    def create_many(self, accounts, tokens=False):
        """Makes accounts, all or none."""
        query = "?tokens=true" if tokens else ""
        return self._call("POST", f"/accounts{query}", list(accounts))["accounts"]

    def generate(self, count, template=None, tokens=False):
        """Makes accounts by a template, in which ``{n}`` stands for the number of an account."""
        body = {"count": count, "template": template or {}, "tokens": tokens}
        return self._call("POST", "/accounts", body)["accounts"]

    def list(self, prefix=""):
        """Returns the accounts whose username begins with a prefix, 1,000 at most."""
        return self._call("GET", f"/accounts?prefix={_quoted(prefix)}")["accounts"]

    def find(self, account_id):
        """Returns an account by its id."""
        return self._call("GET", f"/accounts/{_quoted(account_id)}")

    def disable(self, account_id):
        """Disables an account."""
        return self._change(account_id, {"disabled": True})

    def enable(self, account_id):
        """Enables an account."""
        return self._change(account_id, {"disabled": False})

    def set_password(self, account_id, password):
        """Sets the password of an account, which ends its sessions."""
        return self._change(account_id, {"password": password})

    def remove(self, account_id):
        """Removes an account with its sessions."""
        self._call("DELETE", f"/accounts/{_quoted(account_id)}")

    def remove_by_prefix(self, prefix):
        """Removes the accounts whose username begins with a prefix, and returns their number."""
        return self._call("DELETE", f"/accounts?prefix={_quoted(prefix)}")["removed"]

    def _change(self, account_id, change):
        return self._call("PATCH", f"/accounts/{_quoted(account_id)}", change)


class Tokens(_Topic):
    def mint(self, username, **options):
        """Opens a session for an account, and returns ``access``, ``refresh`` and ``sid``.

        Takes ``expires_in`` (seconds, may be negative), ``issued_at`` (seconds since 1970),
        ``claims`` and ``flaw``.
        """
        return self._call("POST", "/tokens", {"username": username, **options})


class TestClock(_Topic):
    __test__ = False  # Not a class of tests, in spite of its name.

    def read(self):
        """Returns ``now`` (ISO 8601) and ``frozen``."""
        return self._call("GET", "/clock")

    def advance(self, seconds):
        """Moves the time forward, by whole seconds."""
        return self._call("POST", "/clock/advance", {"seconds": seconds})

    def set(self, now):
        """Moves the time forward to a datetime with a time zone, or to a text in ISO 8601."""
        return self._call("PUT", "/clock", {"now": now if isinstance(now, str) else now.isoformat()})

    def freeze(self):
        """Stops the time."""
        return self._call("PUT", "/clock", {"frozen": True})

    def unfreeze(self):
        """Lets the time run."""
        return self._call("PUT", "/clock", {"frozen": False})


class Settings(_Topic):
    def read(self):
        """Returns the settings that differ from the defaults of the kit."""
        return self._call("GET", "/settings")

    def change(self, **values):
        """Changes settings by the names of their environment variables."""
        return self._call("PATCH", "/settings", values)


class Limits(_Topic):
    def clear(self):
        """Clears the counters, which ends every 429."""
        self._call("DELETE", "/limits")


class Faults(_Topic):
    """The faults of a tenant, for a kit that has them."""

    def add(self, **fault):
        """Adds a fault."""
        return self._call("POST", "/faults", fault)

    def list(self):
        """Returns the answer of ``GET /faults``."""
        return self._call("GET", "/faults")

    def clear(self):
        """Removes every fault."""
        self._call("DELETE", "/faults")


class Outbox(_Topic):
    """The mails of a tenant, for a kit that has them."""

    def list(self):
        """Returns the answer of ``GET /outbox``."""
        return self._call("GET", "/outbox")

    def clear(self):
        """Removes every mail."""
        self._call("DELETE", "/outbox")


class Requests(_Topic):
    def list(self):
        """Returns the last 1,000 requests with their answers, the oldest first."""
        return self._call("GET", "/requests")["requests"]


class Events(_Topic):
    def list(self):
        """Returns the last 1,000 security events, the oldest first."""
        return self._call("GET", "/events")["events"]


class Contract(_Topic):
    def violations(self):
        """Returns where exchanges of this tenant differ from the OpenAPI document."""
        return self._call("GET", "/contract/violations")["violations"]

    def clear(self):
        """Forgets the violations found so far."""
        self._call("DELETE", "/contract/violations")

    def check(self, exchanges):
        """Returns the violations of exchanges that a test has captured.

        An exchange has ``method``, ``url``, ``status``, and if known ``headers``, ``body`` and
        ``request``, which has ``headers`` and ``body``.
        """
        return self._call("POST", "/contract/check", exchanges)["violations"]


def _quoted(text):
    return urllib.parse.quote(text, safe="")


def _parsed(data):
    return json.loads(data) if data else None


def _problem_of(data):
    try:
        problem = _parsed(data)
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"detail": data.decode(errors="replace")}


def _start():
    """Starts a kit at a free port, and returns the process with the base URL."""
    command = os.environ.get("LATCHKEY_TESTKIT") or "npx latchkey-testkit"
    arguments = [*shlex.split(command), "--port", "0", "--json"]
    # A process of its own group: a signal must reach the kit past npx.
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, start_new_session=True)
    line = process.stdout.readline()
    try:
        return process, json.loads(line)["url"]
    except (ValueError, KeyError):
        _stop(process)
        raise RuntimeError(f"{shlex.join(arguments)} did not tell where it is: {line!r}") from None


def _stop(process):
    _signal_group(process, "SIGTERM")
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        _signal_group(process, "SIGKILL")
        process.wait()
    process.stdout.close()


def _signal_group(process, name):
    if not hasattr(os, "killpg"):  # Windows
        process.kill()
        return
    try:
        os.killpg(process.pid, getattr(signal, name))
    except ProcessLookupError:
        pass  # It has ended.


@pytest.fixture(scope="session")
def latchkey():
    """The kit at LATCHKEY_URL, or one that is started for this session of pytest."""
    url = os.environ.get("LATCHKEY_URL")
    if url:
        yield Latchkey(url)
        return
    process, url = _start()
    try:
        yield Latchkey(url)
    finally:
        _stop(process)


@pytest.fixture
def latchkey_tenant(latchkey):
    """A tenant of the worker of pytest-xdist, reset before each test."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    tenant = latchkey.tenant(f"pytest-{worker}")
    tenant.reset()
    return tenant


@pytest.fixture
def account(latchkey_tenant):
    """A fresh account: ``id``, ``username``, ``email`` and ``password``."""
    return latchkey_tenant.accounts.create()


@pytest.fixture
def access_token(latchkey_tenant, account):
    """An access token of ``account``, which no login was needed for."""
    return latchkey_tenant.tokens.mint(account["username"])["access"]


@pytest.fixture
def assert_contract(latchkey_tenant):
    """A function that fails the test if captured exchanges differ from the OpenAPI document.

    It takes exchanges as ``Contract.check`` does. Without any, it looks at the violations that the
    kit itself has seen in this test.
    """

    def check(*exchanges):
        contract = latchkey_tenant.contract
        violations = contract.check(list(exchanges)) if exchanges else contract.violations()
        lines = [f"{v['method']} {v['url']} {v['status']}: {v['message']}" for v in violations]
        assert not violations, "violations of the contract:\n" + "\n".join(lines)

    return check
