"""The suite that python.spec.ts runs over a kit."""

import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta

import pytest
from latchkey_pytest import ControlError


def post(url, body):
    """Sends JSON, and returns the status and the parsed answer."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def log_in(tenant, account):
    login = {"username": account["username"], "password": account["password"]}
    return post(f"{tenant.url}/auth/token", login)


def verify(tenant, token):
    return post(f"{tenant.url}/auth/token/verify", {"token": token})[0]


def test_an_account_logs_in(latchkey_tenant, account):
    status, tokens = log_in(latchkey_tenant, account)
    assert status == 200
    assert verify(latchkey_tenant, tokens["access"]) == 200


@pytest.mark.parametrize("round", [1, 2])
def test_each_test_begins_with_a_reset(latchkey_tenant, round):
    assert latchkey_tenant.accounts.list() == []
    assert latchkey_tenant.settings.read() == {}
    latchkey_tenant.accounts.create(username="left-behind")
    latchkey_tenant.settings.change(ACCESS_TOKEN_TTL=60)


def test_the_root_and_the_tenant_have_accounts_of_their_own(latchkey, latchkey_tenant, account):
    assert latchkey_tenant.url.startswith(f"{latchkey.url}/t/pytest-")
    assert log_in(latchkey, account)[0] == 401


def test_tokens_end_by_the_clock(latchkey_tenant, access_token):
    assert verify(latchkey_tenant, access_token) == 200
    latchkey_tenant.clock.advance(901)
    assert verify(latchkey_tenant, access_token) == 401


def test_the_clock_stops_and_moves_to_a_time(latchkey_tenant):
    now = datetime.fromisoformat(latchkey_tenant.clock.freeze()["now"].replace("Z", "+00:00"))
    then = now + timedelta(days=1)
    latchkey_tenant.clock.set(then)
    shown = latchkey_tenant.clock.read()
    assert shown["frozen"]
    assert datetime.fromisoformat(shown["now"].replace("Z", "+00:00")) == then
    assert not latchkey_tenant.clock.unfreeze()["frozen"]


@pytest.mark.parametrize("flaw", ["expired", "foreign-key", "alg-none", "logged-out"])
def test_a_flawed_token_is_refused(latchkey_tenant, account, flaw):
    token = latchkey_tenant.tokens.mint(account["username"], flaw=flaw)["access"]
    assert verify(latchkey_tenant, token) == 401


def test_accounts_are_changed_and_removed(latchkey_tenant):
    accounts = latchkey_tenant.accounts
    made = accounts.generate(3, {"username": "load-{n}"}, tokens=True)
    assert [one["username"] for one in made] == ["load-1", "load-2", "load-3"]
    assert all(one["refresh"] for one in made)
    assert accounts.create_many([{"username": "bob"}], tokens=True)[0]["access"]
    first = made[0]["id"]
    assert accounts.disable(first)["disabled"]
    assert not accounts.enable(first)["disabled"]
    accounts.set_password(first, "another fine password")
    assert log_in(latchkey_tenant, {**made[0], "password": "another fine password"})[0] == 200
    accounts.remove(first)
    assert accounts.remove_by_prefix("load-") == 2
    with pytest.raises(ControlError) as raised:
        accounts.find(first)
    assert raised.value.status == 404


def test_a_429_ends_when_the_limits_are_cleared(latchkey_tenant, account):
    latchkey_tenant.settings.change(RATE_LIMIT="on", LOGIN_LIMIT=1)
    wrong = {**account, "password": "wrong"}
    assert [log_in(latchkey_tenant, wrong)[0] for _ in range(2)] == [401, 429]
    latchkey_tenant.limits.clear()
    assert log_in(latchkey_tenant, account)[0] == 200


def test_requests_and_events_are_shown(latchkey_tenant, account):
    log_in(latchkey_tenant, account)
    assert "/auth/token" in [one["url"] for one in latchkey_tenant.requests.list()]
    assert latchkey_tenant.events.list()


def test_an_exchange_of_the_contract_passes(latchkey_tenant, account, assert_contract):
    status, body = log_in(latchkey_tenant, account)
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    exchange = {"method": "POST", "url": "/auth/token", "status": status, "headers": headers, "body": body}
    assert_contract(exchange)
    with pytest.raises(AssertionError, match="violations of the contract"):
        assert_contract({**exchange, "body": {"access": 1}})


def test_the_kit_has_seen_no_violation(latchkey_tenant, account, assert_contract):
    log_in(latchkey_tenant, account)
    assert_contract()
