"""Who we are to an API server, and a token of another account for minutes; as the server itself says it."""

from __future__ import annotations

import base64
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus

from bot.cluster import errors
from bot.cluster.credentials import Credentials
from bot.cluster.writer import Json

Send = Callable[[str, Mapping[str, Json]], Awaitable[tuple[int, bytes]]]
"""Posts an object to a path; returns the status and the body."""

REVIEWS = ("v1", "v1beta1", "v1alpha1")
"""Of authentication.k8s.io SelfSubjectReview: since Kubernetes 1.28, 1.27 and 1.26."""
SIGNING = "/apis/certificates.k8s.io/v1/certificatesigningrequests?dryRun=All"
REFUSED_USER = re.compile(r'User "(?P<user>[^"]{1,300})" cannot ')
CSR = (
    "MIHNMHUCAQAwEzERMA8GA1UEAwwIbmV0bWVkaWMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARpAMJJveJo62Rqv1u0dJk5cay96VGMiF2Abz9P"
    "rzrscG86Hkf5i17dyanJ+QDQQSZHNL1vpC7VmY/vOQP9womcoAAwCgYIKoZIzj0EAwIDSAAwRQIhALqX4unGGsMVpVl5xO4DeZbe0DKLzhTCNukk"
    "MAdacqi9AiB6f1O07a+Sn1kMCwL1+qj0h6ODFBt7E4LB2ieDOpbfKw=="
)
"""A certificate signing request whose key nobody has; it is only tried, never kept."""
TOKEN_SECONDS = 600
"""The least that TokenRequest gives (kubernetes.io/docs: expirationSeconds is at least 10 minutes)."""


async def whoami(send: Send) -> str:
    """Return the name of the user that the API server takes us for.

    Before 1.26 there is no question for it. A signing request is stamped with who sent it, also when it is only tried,
    and a refusal names who was refused.

    Raises:
        Absent: The server does not tell.
    """
    for version in REVIEWS:
        review: dict[str, Json] = {"apiVersion": f"authentication.k8s.io/{version}", "kind": "SelfSubjectReview"}
        code, body = await send(f"/apis/authentication.k8s.io/{version}/selfsubjectreviews", review)
        if code == HTTPStatus.CREATED:
            return str(_at(body, "status", "userInfo", "username"))
    code, body = await send(SIGNING, _signing_request())
    if code == HTTPStatus.CREATED:
        return str(_at(body, "spec", "username"))
    refused = REFUSED_USER.search(str(_at(body, "message")))
    if code == HTTPStatus.FORBIDDEN and refused:
        return refused["user"]
    raise errors.Absent("the API server does not say who you are, so that nothing can be approved from here")


async def token_for(send: Send, *, namespace: str, account: str) -> str:
    """Return a token of a ServiceAccount that is good for ten minutes.

    Raises:
        Forbidden: We may not have one.
        Malformed: The answer is none.
    """
    wanted: dict[str, Json] = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": TOKEN_SECONDS},
    }
    code, body = await send(f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token", wanted)
    if code != HTTPStatus.CREATED:
        raise errors.Forbidden(
            f"no token for ServiceAccount {namespace}/{account} ({code}): {str(_at(body, 'message'))[:200]}. Check: "
            f"kubectl auth can-i create serviceaccounts --subresource=token -n {namespace}"
        )
    token = _at(body, "status", "token")
    if not isinstance(token, str) or not token:
        raise errors.Malformed("the API server answered a token request without a token")
    return token


async def may(send: Send, *, user: str, groups: Sequence[str], attributes: Mapping[str, str]) -> bool:
    """Tell whether a user may do something; an empty name is whoever asks.

    Raises:
        ClusterError: The server does not tell.
    """
    kind = "SubjectAccessReview" if user else "SelfSubjectAccessReview"
    who: dict[str, Json] = {"user": user, "groups": list(groups)} if user else {}
    review: dict[str, Json] = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": kind,
        "spec": {"resourceAttributes": dict(attributes), **who},
    }
    code, body = await send(f"/apis/authorization.k8s.io/v1/{kind.lower()}s", review)
    allowed = _at(body, "status", "allowed")
    if code != HTTPStatus.CREATED or not isinstance(allowed, bool):
        raise errors.Forbidden(
            f"the API server does not review access ({code}): {str(_at(body, 'message'))[:200]}. Check: "
            f"kubectl auth can-i create {kind.lower()}s.authorization.k8s.io"
        )
    return allowed


def with_token(credentials: Credentials, token: str) -> Credentials:
    """Return credentials that prove to be the token's account, and no longer the certificate's user."""
    tls = credentials.tls
    if tls is not None:
        # The client certificate would win over the token.
        anonymous = ssl.create_default_context(cadata=b"".join(tls.get_ca_certs(binary_form=True)))
        anonymous.check_hostname, anonymous.verify_mode = tls.check_hostname, tls.verify_mode
        tls = anonymous
    return replace(credentials, authorization=f"Bearer {token}", tls=tls)


def _signing_request() -> dict[str, Json]:
    pem = f"-----BEGIN CERTIFICATE REQUEST-----\n{CSR}\n-----END CERTIFICATE REQUEST-----\n"
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"generateName": "netmedic-whoami-"},
        "spec": {
            "request": base64.b64encode(pem.encode()).decode(),
            "signerName": "netmedic.io/nobody",
            "usages": ["client auth"],
        },
    }


def _at(body: bytes, *way: str) -> Json:
    try:
        place: Json = json.loads(body)
    except ValueError:
        return ""
    for key in way:
        place = place.get(key, "") if isinstance(place, dict) else ""
    return place
