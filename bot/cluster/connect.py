"""From a kubeconfig to a live cluster."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from bot.cluster import errors
from bot.cluster.credentials import Credentials, resolve
from bot.cluster.live import LiveCluster
from bot.cluster.transport import LIMITS, Limits, Transport

LOGIN_SECONDS = 60.0
"""A login plugin may open a browser and wait for a person (ours)."""


async def connect(
    *,
    context: str = "",
    kubeconfig: str = "",
    helper_namespace: str = "netmedic",
    helper_labels: str = "app.kubernetes.io/name=netmedic,app.kubernetes.io/component=helper",
    limits: Limits = LIMITS,
) -> LiveCluster:
    """Return the cluster of a kubeconfig's context, or of the Pod this runs in. Nothing is sent yet; close it.

    Raises:
        Unreachable: There are no usable credentials; the text says what to do.
    """

    async def renew() -> Credentials:
        return await _in_thread(lambda: resolve(kubeconfig=kubeconfig, context=context))

    transport = Transport(await renew(), renew=renew, limits=limits)
    return LiveCluster(transport, helper_namespace=helper_namespace, helper_labels=helper_labels)


async def _in_thread(resolve: Callable[[], Credentials]) -> Credentials:
    """Return what a blocking function returns; its thread does not hold up the end of the program."""
    done: Future[Credentials] = Future()
    done.set_running_or_notify_cancel()  # so that a late answer finds it as it was

    def work() -> None:
        try:
            done.set_result(resolve())
        except errors.ClusterError as problem:
            done.set_exception(problem)
        finally:
            if not done.done():
                done.set_exception(errors.Unreachable("The kubeconfig cannot be used: reading it failed."))

    threading.Thread(target=work, name="login", daemon=True).start()
    try:
        return await asyncio.wait_for(asyncio.wrap_future(done), LOGIN_SECONDS)
    except TimeoutError as problem:
        raise errors.Unreachable(
            f"The login command of the kubeconfig did not end within {LOGIN_SECONDS:g} s."
        ) from problem
