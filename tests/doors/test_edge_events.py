"""POST /v1/…: every rule that official SDKs rely on, over real HTTP."""

import gzip
import json
import time

import pytest

from tests.edge import Edge, track

PLAIN_CALLS = ("identify", "track", "page", "screen", "group", "alias")
SUCCESS = {"success": True}


@pytest.mark.parametrize("call", PLAIN_CALLS)
def test_each_call_is_stored_as_it_came(edge: Edge, call: str) -> None:
    body = json.dumps({"userId": "u", "messageId": f"plain-{call}", "später": "ü"}).encode()
    for path in (f"/v1/{call}", f"/v1/{call}/", f"/v1/{call[0]}"):
        answer = edge.send(path, body)
        assert (answer.status, answer.json) == (200, SUCCESS)
        assert answer.headers["content-type"] == "application/json"
    assert edge.inbox()[-3:] == [("web", "web", call, body)] * 3


def test_what_a_secret_key_sends_is_told_apart(edge: Edge) -> None:
    edge.send("/v1/track", track(), edge.basic(edge.keys["secret"]))
    assert edge.inbox()[-1][0] == "v1"
    edge.send("/v1/track", track(), edge.basic(edge.keys["public"]))
    assert edge.inbox()[-1][0] == "web"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import", "/v1/batch/"])
def test_a_batch_is_one_row(edge: Edge, path: str) -> None:
    before = len(edge.inbox())
    body = json.dumps({"batch": [track(1), track(2)], "sentAt": "2026-11-20T10:00:00Z"}).encode()
    assert edge.send(path, body).json == SUCCESS
    assert edge.inbox()[before:] == [("web", "web", "batch", body)]


def test_the_key_may_come_by_basic_bearer_body_or_query(edge: Edge) -> None:
    key = edge.key
    batch = {"batch": [track()], "writeKey": key}
    assert edge.ask("POST", "/v1/batch", json.dumps(batch).encode()).status == 200
    assert edge.ask("POST", "/v1/track", json.dumps({**track(), "writeKey": key}).encode()).status == 200
    assert edge.ask("POST", f"/beacon/v1/batch?writeKey={key}", json.dumps({"batch": [track()]}).encode()).status == 200
    assert edge.send("/v1/track", track(), {"Authorization": f"Bearer {key}"}).status == 200
    assert edge.send("/v1/track", track(), edge.basic(edge.keys["secret"])).status == 200


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json;charset=UTF-8", "text/plain", "application/x-www-form-urlencoded", "x/y", ""],
)
def test_json_is_read_whatever_the_content_type(edge: Edge, content_type: str) -> None:
    assert edge.send("/v1/track", track(), {"Content-Type": content_type}).status == 200


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {"Content-Encoding": "x-gzip"}, {}])
def test_gzip_is_stored_unpacked(edge: Edge, headers: dict[str, str]) -> None:
    body = json.dumps(track(77)).encode()
    packed = gzip.compress(body[:10]) + gzip.compress(body[10:])
    assert edge.send("/v1/track", packed, headers).status == 200
    assert edge.inbox()[-1][3] == body


def refused(answer, status: int, code: str) -> None:  # type: ignore[no-untyped-def]
    """Every refusal carries string code and message, or two SDKs would send it again and again."""
    assert answer.status == status, answer
    assert answer.json["code"] == code
    assert isinstance(answer.json["message"], str) and answer.json["message"]
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("key", ["", "pk_no", "expired", "revoked", "x" * 5000, "ü", "\x00"])
def test_unknown_keys_are_401(edge: Edge, key: str) -> None:
    before = len(edge.inbox())
    refused(edge.send("/v1/track", track(), edge.basic(edge.keys.get(key, key))), 401, "unknown_key")
    refused(edge.ask("POST", "/v1/track", json.dumps({**track(), "writeKey": key}).encode()), 401, "unknown_key")
    assert len(edge.inbox()) == before


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "A" * 7, "Digest x", "Basic \xff", "Bearer "])
def test_broken_authorization_is_401(edge: Edge, header: str) -> None:
    refused(edge.send("/v1/track", track(), {"Authorization": header}), 401, "unknown_key")


def test_a_key_without_the_scope_is_403(edge: Edge) -> None:
    refused(edge.send("/v1/track", track(), edge.basic(edge.keys["reader"])), 403, "scope")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b'"x"', b"1", b'{"a":1}x', b"\xff\xfe{}", b'{"userId":"\xc3"}', b'{"writeKey":1}',
        b'{"a":' * 200_000, b"[" * 200_000, b"\x00", b'{"a":"\x01"}'[:3], b"{'a':1}", b"\x1f\x8b garbage",
    ],
)  # fmt: skip
def test_broken_json_is_400(edge: Edge, body: bytes) -> None:
    for path in ("/v1/track", "/v1/batch"):
        answer = edge.send(path, body)
        assert answer.status in (400, 413)
        refused(answer, answer.status, answer.json["code"])


@pytest.mark.parametrize("body", [{}, {"batch": None}, {"batch": {}}, {"batch": "x"}, {"events": []}])
def test_a_batch_needs_its_list(edge: Edge, body: object) -> None:
    refused(edge.send("/v1/batch", body), 400, "bad_json")


def test_a_bad_event_in_a_good_batch_is_no_reason_to_refuse_the_others(edge: Edge) -> None:
    bad = [1, None, "x", {}, {"type": "nonsense"}, {"type": "track", "userId": "\x00", "event": "x" * 40_000}]
    assert edge.send("/v1/batch", {"batch": [track(), *bad]}).status == 200


def test_deep_but_whole_json_is_answered_honestly(edge: Edge) -> None:
    deep = b'{"userId":"u","properties":' + b'{"a":' * 900 + b"1" + b"}" * 901
    assert edge.send("/v1/track", deep).status in (200, 400)


def test_limits_are_413(edge: Edge) -> None:
    refused(edge.send("/v1/track", track(properties={"x": "y" * 33_000})), 413, "too_large")
    refused(edge.send("/v1/batch", {"batch": [{}] * 2501}), 413, "too_many")
    refused(edge.send("/v1/batch", b" " * (4 * 1024 * 1024 + 1)), 413, "too_large")
    assert edge.send("/v1/batch", {"batch": [{}] * 2500}).status == 200


def test_a_gzip_bomb_is_413_and_a_cut_stream_400(edge: Edge) -> None:
    bomb = gzip.compress(b" " * (200 * 1024 * 1024))
    began = time.monotonic()
    refused(edge.send("/v1/batch", bomb, {"Content-Encoding": "gzip"}), 413, "too_large")
    assert time.monotonic() - began < 5
    packed = gzip.compress(json.dumps(track()).encode())
    refused(edge.send("/v1/track", packed[:-9], {"Content-Encoding": "gzip"}), 400, "broken_gzip")
    refused(edge.send("/v1/track", b"{}", {"Content-Encoding": "gzip"}), 400, "broken_gzip")
    refused(edge.send("/v1/track", b"{}", {"Content-Encoding": "br"}), 415, "unknown_encoding")


def test_chunked_bodies_are_taken_and_limited(edge: Edge) -> None:
    body = json.dumps(track(78)).encode()
    assert edge.ask("POST", "/v1/track", iter([body[:5], body[5:]]), edge.basic()).status == 200  # type: ignore[arg-type]
    big = iter([b" " * 1024 * 1024] * 6)
    refused(edge.ask("POST", "/v1/track", big, edge.basic()), 413, "too_large")  # type: ignore[arg-type]


def test_an_empty_batch_stores_nothing(edge: Edge) -> None:
    before = len(edge.inbox())
    assert edge.send("/v1/batch", {"batch": []}).json == SUCCESS
    assert len(edge.inbox()) == before


def test_nothing_under_v1_ever_redirects(edge: Edge) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
        for path in ("/v1", "/v1/", "/v1/batch", "/v1/batch/", "/v1//batch", "/v1/nonsense", "/beacon/x", "/sourceConfig"):
            answer = edge.ask(method, path, b"{}" if method == "POST" else None)
            assert not 300 <= answer.status < 400, (method, path)
            assert answer.status < 500
    refused(edge.ask("GET", "/v1/track"), 405, "method")
    refused(edge.send("/v1/nonsense", track()), 404, "unknown_path")


def test_browsers_may_ask_and_read(edge: Edge) -> None:
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-retry-count,anonymousid,sentat",
    }
    answer = edge.ask("OPTIONS", "/v1/t", headers=asked)
    assert answer.status == 200 and answer.headers["access-control-allow-origin"] == "*"
    allowed = {name.strip() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert set(asked["Access-Control-Request-Headers"].split(",")) <= allowed
    assert edge.send("/v1/t", track(), {"Origin": "https://shop.example"}).headers["access-control-allow-origin"] == "*"
    assert edge.send("/v1/t", b"{", {"Origin": "null"}).headers["access-control-allow-origin"] == "*"


def test_only_named_origins_may_read(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge(PASSAPAROLA_CORS_ORIGINS="https://shop.example")
    good = edge.send("/v1/t", track(), {"Origin": "https://shop.example"})
    bad = edge.send("/v1/t", track(), {"Origin": "https://evil.example"})
    assert good.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in bad.headers and bad.headers["vary"] == "origin"


def test_browser_libraries_find_their_settings(edge: Edge) -> None:
    settings = edge.ask("GET", f"/v1/projects/{edge.key}/settings").json
    assert settings["integrations"]["Segment.io"]["apiKey"] == edge.key
    assert settings["integrations"]["Segment.io"]["apiHost"] == f"127.0.0.1:{edge.port}/v1"
    config = edge.ask("GET", f"/sourceConfig/?p=web&v=3&writeKey={edge.key}").json
    assert config["source"]["enabled"] is True and config["source"]["destinations"] == []
    assert edge.ask("GET", "/sourceConfig", headers=edge.basic()).json == config
    refused(edge.ask("GET", "/v1/projects/pk_no/settings"), 401, "unknown_key")
    refused(edge.ask("GET", "/sourceConfig/"), 401, "unknown_key")


def test_too_much_waiting_work_is_429_with_a_time(new_edge) -> None:  # type: ignore[no-untyped-def]
    edge = new_edge(PASSAPAROLA_BACKLOG_ROWS_MAX="5")
    for number in range(6):
        assert edge.send("/v1/track", track(number)).status == 200
    edge.wait("/readyz", 503)
    answer = edge.send("/v1/track", track(9))
    refused(answer, 429, "backlog")
    assert int(answer.headers["retry-after"]) > 0
    assert int(answer.headers["x-ratelimit-reset"]) >= time.time() - 1
    assert edge.visit("/r/A1MA7K00").status == 302
    assert len(edge.clicks()) == 1, "a click passes the limit"
