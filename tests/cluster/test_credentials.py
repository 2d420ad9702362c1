from __future__ import annotations

import json
import logging
import shlex
import ssl
import stat
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cluster import connect as connecting
from bot.cluster.connect import connect
from bot.cluster.credentials import certificate_end, resolve
from bot.cluster.errors import Unreachable
from bot.cluster.objects import Pod
from tests.cluster.api import Api, page, serve, status

TLS = Path(__file__).parent / "tls"

PODS = "/api/v1/pods"


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No kubeconfig of whoever runs the tests, and no cluster around them."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def kubeconfig(folder: Path, *, server: str = "https://127.0.0.1:6443", user: Any = None, **cluster: Any) -> str:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
        "users": [{"name": "u", "user": user or {}}],
        "contexts": [
            {"name": "prod", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
            {"name": "staging", "context": {"cluster": "c", "user": "u"}},
        ],
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(document))
    return str(path)


def script(folder: Path, text: str) -> str:
    """Write a login command. A shell starts it: a path with a space in it cannot stand in a script's first line."""
    program, path = folder / "login.py", folder / "login"
    program.write_text(text)
    path.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(program))}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def plugin(command: str) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": "Never"}}


def gives(**status: str) -> str:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"print({json.dumps(json.dumps(answer))})"


def test_a_token_is_taken_from_the_current_context(tmp_path: Path) -> None:
    found = resolve(kubeconfig=kubeconfig(tmp_path, user={"token": "hunter2"}))

    assert (found.context, found.server, found.namespace) == ("prod", "https://127.0.0.1:6443", "shop")
    assert found.authorization == "Bearer hunter2"
    assert "hunter2" not in repr(found)


def test_another_context_can_be_chosen(tmp_path: Path) -> None:
    found = resolve(kubeconfig=kubeconfig(tmp_path), context="staging")

    assert (found.context, found.namespace) == ("staging", "default")


def test_the_environment_names_files_of_which_missing_ones_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'missing'}:{kubeconfig(tmp_path)}")

    assert resolve().context == "prod"


def test_the_home_folder_has_the_default(tmp_path: Path) -> None:
    (tmp_path / "home" / ".kube").mkdir(parents=True)
    kubeconfig(tmp_path / "home" / ".kube")

    assert resolve().context == "prod"


def test_keys_are_not_left_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    key = "LS0tLS1CRUdJTg=="

    with pytest.raises(Unreachable, match="A certificate of context prod cannot be loaded"):
        resolve(kubeconfig=kubeconfig(tmp_path, user={"client-certificate-data": key, "client-key-data": key}))

    assert [path.name for path in tmp_path.iterdir()] == ["config"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "is not a kubeconfig: it has no list of contexts."),
        ("- a", "is not a kubeconfig: it has no list of contexts."),
        ("contexts: {}", "is not a kubeconfig: it has no list of contexts."),
        ("token: [hunter2", "cannot be read: it is not YAML."),
        ("contexts: []", "has no current context. Choose one with --context: none."),
        ("{contexts: [{name: a, context: {}}], current-context: a}", "Context a of .* cannot be used"),
        ("{contexts: [a, 3, {name: b}], current-context: b}", "has no context 'b'"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_refused_with_the_reason(tmp_path: Path, content: str, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)

    with pytest.raises(Unreachable, match=text) as problem:
        resolve(kubeconfig=str(path))

    assert "hunter2" not in str(problem.value)


def test_without_any_kubeconfig_it_says_where_one_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as problem:
        resolve()

    assert str(problem.value) == (
        f"There is no kubeconfig: KUBECONFIG is not set and {tmp_path}/home/.kube/config does not exist. "
        "Set KUBECONFIG, or give --kubeconfig FILE."
    )


def test_a_kubeconfig_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"^The kubeconfig .*/nope does not exist.$"):
        resolve(kubeconfig=str(tmp_path / "nope"))
    with pytest.raises(Unreachable, match="cannot be read: Is a directory"):
        resolve(kubeconfig=str(tmp_path))


@pytest.mark.parametrize(("context", "hint"), [("stagin", "Did you mean staging?"), ("xyz", "It has: prod, staging.")])
def test_an_unknown_context_suggests_the_nearest(tmp_path: Path, context: str, hint: str) -> None:
    path = kubeconfig(tmp_path)

    with pytest.raises(Unreachable) as problem:
        resolve(kubeconfig=path, context=context)

    assert str(problem.value) == f"{path} has no context {context!r}. {hint}"


@pytest.mark.parametrize(
    ("server", "user", "options", "text"),
    [
        ("::::", {}, {}, "The server of context prod is no https address: ::::."),
        ("ftp://x", {}, {}, "The server of context prod is no https address: ftp://x."),
        ("https://", {}, {}, "The server of context prod is no https address: https:."),
        ("https://10.0.0.1:99999", {}, {}, "The server of context prod is no https address: https://10.0.0.1:99999."),
        ("https://h", {}, {"proxy-url": "socks5://u:hunter2@h"}, "only http and https proxies are."),
        ("https://h", {"token": "hunter2ä"}, {}, "has characters that no token has. Log in again."),
        ("https://h", {"token": "hunter2\nx"}, {}, "has characters that no token has. Log in again."),
        ("https://h", {"tokenFile": "/nope"}, {}, "cannot be used: [Errno 2] No such file or directory: '/nope'"),
        ("https://h", {"client-certificate": "/nope"}, {}, "cannot be used: File does not exist: /nope"),
        ("https://h", {"auth-provider": {"name": "gcp", "x": "hunter2"}}, {}, "has a field of the wrong type."),
        (
            "https://h",
            {"auth-provider": {"name": "oidc", "config": {"client-secret": "hunter2"}}},
            {},
            "cannot be used: Invalid kube-config file. Expected key id-token in",
        ),
        ("https://h", {}, {"certificate-authority-data": "aGVsbG8="}, "A certificate of context prod cannot be loaded"),
    ],
)
def test_what_no_connection_can_be_made_with_is_refused_without_showing_it(
    tmp_path: Path, server: str, user: dict[str, Any], options: dict[str, Any], text: str
) -> None:
    with pytest.raises(Unreachable) as problem:
        resolve(kubeconfig=kubeconfig(tmp_path, server=server, user=user, **options))

    assert text in str(problem.value)
    assert "hunter2" not in str(problem.value)


def test_a_login_command_gives_a_token(tmp_path: Path) -> None:
    command = script(tmp_path, gives(token="t1"))

    assert resolve(kubeconfig=kubeconfig(tmp_path, user=plugin(command))).authorization == "Bearer t1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "import sys; sys.exit('Session expired: run cloud login')",
            "process returned 1. Session expired: run cloud login",
        ),
        ("print('hello')", "failed to decode process output"),
        (gives(), "missing token or clientCertificateData"),
    ],
)
def test_a_login_command_that_fails_says_why(tmp_path: Path, text: str, reason: str) -> None:
    command = script(tmp_path, text)
    handlers = [*logging.getLogger().handlers]

    with pytest.raises(Unreachable) as problem:
        resolve(kubeconfig=kubeconfig(tmp_path, user=plugin(command)))

    assert str(problem.value).startswith(f"Context prod: its login command {command!r} gave no credentials: ")
    assert reason in str(problem.value)
    assert str(problem.value).endswith("Log in again, then try: kubectl --context prod get nodes")
    assert logging.getLogger().handlers == handlers


def test_a_login_command_that_does_not_exist_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"gave no credentials: .*No such file or directory"):
        resolve(kubeconfig=kubeconfig(tmp_path, user=plugin("/does/not/exist")))


async def test_a_login_command_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "LOGIN_SECONDS", 0.3)
    command = script(tmp_path, "import time; time.sleep(2)")

    with pytest.raises(Unreachable, match=r"did not end within 0.3 s"):
        await connect(kubeconfig=kubeconfig(tmp_path, user=plugin(command)))


def test_an_expired_client_certificate_says_when(tmp_path: Path) -> None:
    user = {"client-certificate": str(TLS / "expired.pem"), "client-key": str(TLS / "expired.pem")}

    with pytest.raises(Unreachable) as problem:
        resolve(kubeconfig=kubeconfig(tmp_path, user=user))

    assert str(problem.value) == (
        "The client certificate of context prod expired on 2021-01-02 03:04 UTC. "
        "Renew it (kubeadm certs renew, or log in again)."
    )


@pytest.mark.parametrize(
    ("pem", "end"),
    [
        ((TLS / "expired.pem").read_bytes(), datetime(2021, 1, 2, 3, 4, tzinfo=UTC)),
        ((TLS / "ca.crt").read_bytes(), datetime(2120, 1, 1, tzinfo=UTC)),
        (b"", None),
        (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----", None),
        (b"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----", None),
    ],
)
def test_the_end_of_a_certificate_is_read(pem: bytes, end: datetime | None) -> None:
    assert certificate_end(pem) == end


def test_in_a_pod_without_a_token_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")

    with pytest.raises(Unreachable, match="This Pod's service account cannot be used"):
        resolve()


def test_in_a_pod_its_service_account_is_used_and_its_token_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr("kubernetes.config.incluster_config.SERVICE_CERT_FILENAME", str(TLS / "ca.crt"))

    token.write_text("t1\n")
    first = resolve()
    token.write_text("t2")
    second = resolve()

    assert (first.context, first.server, first.namespace) == ("in-cluster", "https://[fd00::1]:443", "default")
    assert (first.authorization, second.authorization) == ("bearer t1", "bearer t2")
    assert first.material == second.material


def server_tls(certificate: str = "server.pem", *, client: bool = False) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(TLS / certificate)
    if client:
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(TLS / "ca.crt")
    return tls


async def test_a_server_is_asked_with_a_client_certificate(tmp_path: Path) -> None:
    user = {"client-certificate": str(TLS / "client.pem"), "client-key": str(TLS / "client.pem")}
    async with serve(server_tls(client=True)) as api:
        api.on(PODS, page("a"))
        path = kubeconfig(tmp_path, server=api.url, user=user, **{"certificate-authority": str(TLS / "ca.crt")})

        async with await connect(kubeconfig=path) as cluster:
            [pod] = await cluster.list(Pod)

    assert pod.metadata.name == "a"


@pytest.mark.parametrize(
    ("certificate", "options", "reason"),
    [
        ("server.pem", {}, "its certificate is not accepted: "),
        (
            "expired.pem",
            {"certificate-authority": str(TLS / "ca.crt"), "tls-server-name": "expired"},
            "its certificate is not accepted: certificate has expired",
        ),
        (
            "server.pem",
            {"certificate-authority": str(TLS / "ca.crt"), "tls-server-name": "other.example.com"},
            "its certificate is not accepted: Hostname mismatch",
        ),
    ],
)
async def test_a_server_that_cannot_prove_who_it_is_is_unreachable(
    tmp_path: Path, certificate: str, options: dict[str, str], reason: str
) -> None:
    async with serve(server_tls(certificate)) as api:
        path = kubeconfig(tmp_path, server=api.url, **options)

        async with await connect(kubeconfig=path) as cluster:
            with pytest.raises(Unreachable, match=f"cannot be reached: {reason}"):
                await cluster.list(Pod)


@pytest.mark.parametrize(
    "options",
    [
        {"certificate-authority": str(TLS / "ca.crt"), "tls-server-name": "api.example.com"},
        {"insecure-skip-tls-verify": True},
    ],
)
async def test_the_name_checked_and_the_check_itself_are_the_kubeconfigs_choice(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    async with serve(server_tls()) as api:
        api.on(PODS, page("a"))

        async with await connect(kubeconfig=kubeconfig(tmp_path, server=api.url, **options)) as cluster:
            assert len(await cluster.list(Pod)) == 1


async def test_a_client_without_tls_at_a_server_with_it_is_told_what_happened(tmp_path: Path, api: Api) -> None:
    path = kubeconfig(tmp_path, server=api.url.replace("http:", "https:"))

    async with await connect(kubeconfig=path) as cluster:
        with pytest.raises(Unreachable, match="cannot be reached: TLS failed: "):
            await cluster.list(Pod)


async def test_an_expired_token_is_fetched_anew_from_the_login_command(tmp_path: Path, api: Api) -> None:
    used = tmp_path / "used"
    first, second = gives(token="old"), gives(token="new")
    command = script(
        tmp_path,
        f"import pathlib\np = pathlib.Path({str(used)!r})\nif p.exists():\n {second}\nelse:\n p.touch()\n {first}\n",
    )

    async def by_token(request: Any) -> Any:
        return await (page("a") if request.headers["authorization"] == "Bearer new" else status(401))(request)

    api.on(PODS, by_token)

    async with await connect(kubeconfig=kubeconfig(tmp_path, server=api.url, user=plugin(command))) as cluster:
        [pod] = await cluster.list(Pod)

    assert pod.metadata.name == "a"
