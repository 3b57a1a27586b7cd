"""Yes or no, where a question asks for it."""

from collections.abc import Sequence

from .query import Query
from .statements import Statement

_EVEN_CHANCE = 0.5
# Correlation from which on two series move together.
_TOGETHER = 0.5


def _word(query: Query, statement: Statement) -> bool | None:
    facts = {fact.quantity.partition(".")[2]: fact.value for fact in statement.facts}
    topic = statement.topic
    if topic in ("trend", "no trend"):
        return topic == "trend" and facts["direction"] == query.expected
    if topic.startswith(("difference", "pair")):
        return facts["direction"] == query.expected and float(facts["difference"]) > 0
    if topic.startswith("change"):
        return facts["direction"] == {"more": "rises", "less": "falls"}.get(query.expected)
    if topic == "missing":
        return (float(facts["count"]) > 0) == (query.expected == "some")
    if topic.startswith("probability"):
        return float(facts["percent"]) >= _EVEN_CHANCE
    if topic == "correlation":
        return abs(float(facts["value"])) >= _TOGETHER
    if query.expected == "all":
        return topic in ("all beyond", "current run")
    if query.expected in ("some", "none"):
        return topic.startswith("no ") == (query.expected == "none")
    return None


def verdict(query: Query, statements: Sequence[Statement]) -> list[Statement]:
    """The word yes or no before the statements that answer a question which asks for it."""
    main = next((one for one in statements if one.topic.startswith("probability")), statements[0])
    if not query.expected or main.series:
        return []
    says = _word(query, main)
    if says is None:
        return []
    word = "yes" if says else "no"
    return [Statement(word, (), f"{word.capitalize()}.")]
