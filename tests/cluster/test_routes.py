"""Routes in the configuration of gateways."""

from __future__ import annotations

import msgspec
import pytest

from bot.cluster.objects import ConfigMap
from bot.cluster.routes import MOST, of_text

NGINX = """
server {
  access_log /var/log/nginx/access.log;
  # location /old { proxy_pass http://old:80; }
  location /web/ {
    proxy_pass http://web.shop.svc.cluster.local:8080/;
  }
  location ^~ /pay { proxy_pass http://pay; }
}
"""
SPRING = """
spring:
  cloud:
    gateway:
      routes:
      - id: orders
        uri: http://ts-food-service:18856
        predicates:
        - Path=/api/v1/orderservice/**
      - id: food
        uri: lb://ts-food-service
        predicates: [ "Path=/api/v1/foodservice/**" ]
"""


@pytest.mark.parametrize(
    ("text", "routes"),
    [
        ("/web/ http://web:80/\n/pay http://pay.shop.svc:8080", [("/web/", "web", 80), ("/pay", "pay.shop.svc", 8080)]),
        ('"/web": "http://web:80"', [("/web", "web", 80)]),
        ("/web => https://web", [("/web", "web", 0)]),
        (NGINX, [("/web/", "web.shop.svc.cluster.local", 8080), ("/pay", "pay", 0)]),
        (
            SPRING,
            [("/api/v1/orderservice/**", "ts-food-service", 18856), ("/api/v1/foodservice/**", "ts-food-service", 0)],
        ),
        ('- match: { prefix: "/web" }\n  url: http://web:80', [("/web", "web", 80)]),
    ],
    ids=["lines", "JSON", "arrow", "nginx", "Spring Cloud Gateway", "prefix"],
)
def test_paths_and_hosts_of_usual_gateways(text: str, routes: list[tuple[str, str, int]]) -> None:
    assert list(of_text(text)) == routes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log: /var/log/app.log\nurl: http://web:80",
        "path: /a\npath: /b\nurl: http://web",
        "path: /a\nurl: http://web\nurl: http://pay",
        "/" + "a" * 41 + " http://web",
        "DATABASE_URL=postgres://u:p@db:5432/x",
    ],
    ids=["nothing", "a file", "two paths", "two URLs", "what may be a token", "no route"],
)
def test_what_does_not_say_which_path_leads_where_gives_nothing(text: str) -> None:
    assert of_text(text) == ()


def test_so_many_routes_are_kept() -> None:
    assert len(of_text("\n".join(f"/a{n} http://web" for n in range(MOST + 1)))) == MOST


def test_a_config_map_keeps_its_routes_and_nothing_else_of_them() -> None:
    kept = msgspec.convert(
        {"metadata": {"name": "gate"}, "data": {"routes": "/web http://user:hunter2@web:80/?token=hunter2"}}, ConfigMap
    )
    plain = msgspec.convert({"data": {"routes": "/web http://web:80/?token=hunter2 hunter2"}}, ConfigMap)

    assert "hunter2" not in str((kept, plain))
    assert [(route.where, route.path, route.host, route.port) for route in plain.routes] == [
        ("routes", "/web", "web", 80)
    ]
    assert msgspec.json.decode(msgspec.json.encode(plain), type=ConfigMap) == plain
