"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def cluster_options(command: F) -> F:
    """Add what says which cluster is meant."""
    context = click.option("--context", default="", metavar="NAME", help="Context of the kubeconfig.")
    kubeconfig = click.option(
        "--kubeconfig",
        default="",
        metavar="FILE",
        type=click.Path(),
        help="Instead of KUBECONFIG, ~/.kube/config, or the service account of the Pod it runs in.",
    )
    return context(kubeconfig(command))
