from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.cluster.errors import Malformed
from bot.cluster.objects import (
    ConfigMap,
    Event,
    InvolvedObject,
    LabelSelector,
    LabelSelectorRequirement,
    Meta,
    Pod,
    PodSpec,
    PodStatus,
)
from bot.cluster.selectors import labels_match, parse_labels, select, selects, to_text

KEYS = st.sampled_from(["app", "tier", "example.com/part"])
VALUES = st.sampled_from(["web", "db", "a.b_c-1", ""])
LABELS = st.dictionaries(KEYS, VALUES)
SPACES = st.sampled_from(["", " ", "  "])

Term = tuple[str, str, frozenset[str]]
TERMS = st.one_of(
    st.tuples(KEYS, st.sampled_from(["=", "==", "!="]), VALUES.map(lambda value: frozenset({value}))),
    st.tuples(KEYS, st.sampled_from(["in", "notin"]), st.frozensets(VALUES, min_size=1)),
    st.tuples(KEYS, st.sampled_from(["exists", "!"]), st.just(frozenset[str]())),
)


def written(term: Term, space: str) -> str:
    key, operator, values = term
    match operator:
        case "in" | "notin":
            return f"{key} {operator}{space}({f'{space},'.join(sorted(values))})"
        case "exists":
            return f"{key}{space}"
        case "!":
            return f"!{space}{key}"
    return f"{key}{space}{operator}{space}{next(iter(values))}"


def oracle(term: Term, labels: dict[str, str]) -> bool:
    """The documentation's sentences, one by one."""
    key, operator, values = term
    return {
        "=": labels.get(key) in values,
        "==": labels.get(key) in values,
        "in": labels.get(key) in values,
        "!=": labels.get(key) not in values,
        "notin": labels.get(key) not in values,
        "exists": key in labels,
        "!": key not in labels,
    }[operator]


@given(st.lists(TERMS, max_size=4), LABELS, SPACES)
@example([("app", "!=", frozenset({""}))], {}, "")
def test_a_label_selector_means_what_the_documentation_says(
    terms: list[Term], labels: dict[str, str], space: str
) -> None:
    selector = f"{space},{space}".join(written(term, space) for term in terms)

    assert labels_match(parse_labels(selector), labels) is all(oracle(term, labels) for term in terms)


@given(st.text(max_size=40))
def test_any_text_is_a_label_selector_or_malformed(text: str) -> None:
    with contextlib.suppress(Malformed):
        parse_labels(text)


@pytest.mark.parametrize(
    "text", [",", "a,", ",a", "a b", "=a", "a in b", "a in (b", "a=b c", "a in (b;c)", "-a", "a==b=c", "!a=b", "a=b,,c"]
)
def test_what_is_no_label_selector_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="not a label selector"):
        parse_labels(text)


EXPRESSIONS = {"in": "In", "notin": "NotIn", "exists": "Exists", "!": "DoesNotExist"}


@given(st.dictionaries(KEYS, VALUES, max_size=2), st.lists(TERMS.filter(lambda t: t[1] in EXPRESSIONS)), LABELS)
def test_an_objects_own_selector_means_the_same(
    wanted: dict[str, str], terms: list[Term], labels: dict[str, str]
) -> None:
    selector = LabelSelector(
        match_labels=wanted,
        match_expressions=tuple(
            LabelSelectorRequirement(key=key, operator=EXPRESSIONS[operator], values=tuple(values))
            for key, operator, values in terms
        ),
    )

    assert selects(selector, labels) is (
        all(labels.get(key) == value for key, value in wanted.items()) and all(oracle(term, labels) for term in terms)
    )


def test_an_operator_that_kubernetes_does_not_know_is_malformed_and_not_a_match() -> None:
    selector = LabelSelector(match_expressions=(LabelSelectorRequirement(key="app", operator="Like"),))

    with pytest.raises(Malformed, match="unknown operator 'Like'"):
        selects(selector, {})


def test_a_services_selector_is_written_as_a_label_selector() -> None:
    assert to_text({"tier": "front", "app": "web"}) == "app=web,tier=front"


PODS = [
    Pod(metadata=Meta(name="a", namespace="shop"), spec=PodSpec(node_name="node1"), status=PodStatus(phase="Running")),
    Pod(metadata=Meta(name="b", namespace="shop"), spec=PodSpec(node_name="node2"), status=PodStatus(phase="Failed")),
    Pod(metadata=Meta(name="a", namespace="bank"), spec=PodSpec(node_name="node2"), status=PodStatus(phase="Running")),
]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("", ["shop/a", "shop/b", "bank/a"]),
        ("metadata.name=a", ["shop/a", "bank/a"]),
        ("metadata.namespace==bank", ["bank/a"]),
        ("spec.nodeName=node2,status.phase!=Failed", ["bank/a"]),
        ("spec.nodeName=", []),
    ],
)
def test_pods_are_selected_by_fields(fields: str, expected: list[str]) -> None:
    found = select(PODS, fields=fields)

    assert [f"{pod.metadata.namespace}/{pod.metadata.name}" for pod in found] == expected


def test_events_are_selected_by_what_they_are_about() -> None:
    about = InvolvedObject(kind="Pod", namespace="shop", name="a")
    events = [Event(involved_object=about, reason="Unhealthy"), Event(involved_object=InvolvedObject(kind="Node"))]

    assert select(events, fields="involvedObject.kind=Pod,involvedObject.name=a,involvedObject.namespace=shop") == [
        events[0]
    ]


@pytest.mark.parametrize("fields", ["spec.hostNetwork=true", "data.x=1", "metadata.name"])
def test_a_field_that_the_api_server_cannot_select_by_is_malformed(fields: str) -> None:
    with pytest.raises(Malformed, match="field selector"):
        select([ConfigMap()], fields=fields)
