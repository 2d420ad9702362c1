"""What is kept of configuration: addresses, and nothing of what stands around them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cluster import addresses
from bot.cluster.objects import ConfigMap, ConfiguredAddress, Container, Pod


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("WEB_ADDR", "web:9999", [("web", 9999)]),
        ("WEB", "web.shop.svc.cluster.local:80", [("web.shop.svc.cluster.local", 80)]),
        ("X", "http://web", [("web", 80)]),
        ("X", "https://user:p%40ss@Web.shop.svc:8443/x?token=abc", [("web.shop.svc", 8443)]),
        ("JDBC", "jdbc:postgresql://db:5433/orders?user=a", [("db", 5433)]),
        ("BROKERS", "a:9092, b:9093", [("a", 9092), ("b", 9093)]),
        ("DB_HOST", "db", [("db", 0)]),
        ("DB_HOSTNAME", "db", [("db", 0)]),
        ("HOSTNAME", "till-1", []),
        ("OTEL_SERVICE_NAME", "till", []),
        ("NODE", "10.0.0.1:80", [("10.0.0.1", 80)]),
        ("NODE", "[fd00::1]:80", [("fd00::1", 80)]),
        ("TOKEN_URL", "http://auth:8080/token", [("auth", 8080)]),
        ("MODE", "fast", []),
        ("LEVEL", "1.2.3", []),
        ("START", "10:30", []),
        ("WEB_ADDR", "$(HOST):80", []),
        ("WEB_ADDR", "localhost:80", [("localhost", 80)]),
        ("WEB_ADDR", "127.0.0.1:80", [("localhost", 80)]),
        ("WEB_ADDR", "127.0.0.1", []),
        ("WEB_ADDR", "web:0", []),
        ("WEB_ADDR", "web:65536", []),
        ("WEB_ADDR", "web:99999", []),
        ("WEB_ADDR", "", []),
        ("DB_PASSWORD", "db:123", []),
        ("API_KEY", "foo:8080", []),
        ("APP_SECRETS", "http://vault/x", []),
        ("SERVER", "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", []),
    ],
)
def test_a_setting_is_an_address_or_nothing(name: str, value: str, expected: list[tuple[str, int]]) -> None:
    assert [(host, port) for host, port, _ in addresses.of_value(name, value)] == expected


@pytest.mark.parametrize(
    ("value", "scheme"),
    [("HTTPS://web", "https"), ("web:443", ""), ("jdbc:postgresql://db", "postgresql"), ("my+x://web:8", "")],
)
def test_of_a_url_a_scheme_that_is_well_known_is_kept(value: str, scheme: str) -> None:
    assert [each for _, _, each in addresses.of_value("X", value)] == [scheme]


def test_a_host_and_a_port_of_one_name_are_one_address() -> None:
    found = addresses.of_environment({"DB_HOST": "db", "DB_PORT": "3333", "PORT": "80", "CACHE_HOST": "redis"})

    assert list(found) == [("DB_HOST", "db", 3333, ""), ("CACHE_HOST", "redis", 0, "")]


def test_of_a_script_urls_and_names_with_a_port_are_kept() -> None:
    script = "while :; do nc -l -p 80 -e echo x; curl http://web:80/a --upstream=db:5432 http://$X/ 12:30 a:1; done"

    assert addresses.of_text(script) == (("web", 80, "http"), ("db", 5432, ""))


def test_of_a_script_full_names_of_services_are_kept_without_a_port() -> None:
    script = "getent hosts db.shop.svc.cluster.local || exit 1; ping db.shop; nslookup 'a.b.svc'; cat /etc/my.svc/x"

    assert addresses.of_text(script) == (("db.shop.svc.cluster.local", 0, ""), ("a.b.svc", 0, ""))


def test_of_a_script_what_it_waits_for_by_name_is_kept() -> None:
    script = "until nslookup db && nc -z -w2 cache 6379; do sleep 1; done; getent ahosts $HOST; nc -l 8080; host x"

    assert addresses.of_text(script) == (("db", 0, ""), ("cache", 6379, ""))


@pytest.mark.parametrize(
    ("name", "kept"),
    [("app.yaml", (("web", 81, "http"),)), ("nginx.conf", (("web", 81, "http"),)), ("spring.note", ())],
)
def test_a_file_of_one_line_is_read_as_a_file(name: str, kept: tuple[addresses.Found, ...]) -> None:
    assert addresses.of_value(name, "upstream: http://web:81/") == kept


@given(st.text(max_size=200), st.text(max_size=200))
def test_what_is_kept_is_a_host_of_the_value_and_a_port(name: str, value: str) -> None:
    for host, port, scheme in addresses.of_value(name, value):
        assert not scheme or scheme in addresses.DEFAULT_PORTS
        assert 0 <= port < 2**16
        assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_:")


def test_a_container_keeps_addresses_and_references_and_no_value() -> None:
    container = msgspec.json.decode(
        b"""{"name": "main", "command": ["sh", "-c", "curl -u me:hunter2 http://cart:8080/"], "args": ["--db=db:5432"],
        "env": [{"name": "WEB_ADDR", "value": "web:80"}, {"name": "PASSWORD", "value": "hunter2"},
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "vault", "key": "a"}}},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "b"}}}],
        "envFrom": [{"configMapRef": {"name": "all"}}, {"secretRef": {"name": "vault"}}]}""",
        type=Container,
    )

    assert [(item.where, item.host, item.port) for item in container.addresses] == [
        ("WEB_ADDR", "web", 80),
        ("command", "cart", 8080),
        ("args", "db", 5432),
    ]
    assert [(ref.variable, ref.name, ref.key) for ref in container.config_map_keys] == [("B", "settings", "b")]
    assert container.config_maps == ("all",)
    kept = msgspec.json.encode(container)
    assert b"hunter2" not in kept
    assert b"vault" not in kept
    assert msgspec.json.decode(kept, type=Container) == container


def test_a_pod_keeps_the_volumes_that_hold_configuration() -> None:
    pod = msgspec.json.decode(
        b"""{"spec": {"volumes": [{"name": "a", "secret": {"secretName": "vault"}}, {"configMap": {"name": "files"}},
        {"projected": {"sources": [{"secret": {"name": "vault"}}, {"configMap": {"name": "more"}}]}}]}}""",
        type=Pod,
    )

    assert [name for volume in pod.spec.volumes for name in volume.config_maps] == ["files", "more"]
    assert b"vault" not in msgspec.json.encode(pod)


def test_a_configmap_keeps_addresses_and_no_value() -> None:
    file = "user: admin\npassword: hunter2\nupstream: http://admin:hunter2@web:8080/x\n"
    document = {"metadata": {"name": "settings"}, "data": {"app.yaml": file, "DB_HOST": "db", "DB_PORT": "5432"}}
    item = msgspec.convert(document, ConfigMap)

    assert item.addresses == (
        ConfiguredAddress(where="app.yaml", host="web", port=8080, scheme="http"),
        ConfiguredAddress(where="DB_HOST", host="db", port=5432),
    )
    assert item.data == {}
    assert b"hunter2" not in msgspec.json.encode(item)
    assert msgspec.json.decode(msgspec.json.encode(item), type=ConfigMap) == item
