"""Predicates of sentences in the present tense, and their agreement with a subject."""

import re

from numpy.random import Generator

# What may stand before the verb.
_ADVERBS = re.compile(
    r"(?:(?:\w+ly|always|never|only|just|almost|again|also|no longer|step by step|little by little|bit by bit|"
    r"piece by piece|day after day|over time|more or less|at no time|in no case|not ever|at a steady pace)\b,? )*"
)
_NOT = re.compile(r"not (?=\w)")
# "Reach {n} and stay there".
_SECOND_VERB = re.compile(r" and (?!\{m\}|at )")
_MODALS = ("cannot", "can not", "must not", "may not", "is not allowed to")


def is_plural(subject: str) -> bool:
    """Whether the verb of a noun phrase is in the plural, by its head ("the number of orders" is not)."""
    head = re.split(r" (?:of|in|at|on|for|from|per|through|by|to|with)\b", subject)[0]
    return head.endswith("s") and not head.endswith(("ss", "us", "is"))


def agreeing(tense: str, plural: bool) -> str:
    """A tense such as "is expected to" that agrees with a subject."""
    first, _, rest = tense.partition(" ")
    forms = {"is": "are", "has": "have", "stands": "stand", "looks": "look", "was": "were"}
    return f"{forms[first]} {rest}" if plural and first in forms else tense


def _third_person(verb: str) -> str:
    if verb.startswith("{"):
        return f"{verb}s"
    if re.search(r"(?:s|x|z|ch|sh|[^aeiou]o|^go|^do)$", verb):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if re.search(r"[^aeiou]y$", verb) else f"{verb}s"


def present(predicate: str, plural: bool, rng: Generator) -> str:
    """A predicate in its base form ("rise by {p}", "not exceed {n}") in the present tense ("rises by {p}").

    Args:
        predicate: template.
        plural: whether its subject is in the plural.
        rng: chooses between "does not" and "cannot".
    """
    if _SECOND_VERB.search(predicate):
        return f"will {predicate}"
    if _NOT.match(predicate):
        verb = predicate[4:]
        if rng.random() < 0.6:
            return f"{agreeing(_MODALS[int(rng.integers(len(_MODALS)))], plural)} {verb}"
        if verb.startswith("be "):
            return f"{'are' if plural else 'is'} not {verb[3:]}"
        return f"{'do' if plural else 'does'} not {verb}"
    place = _ADVERBS.match(predicate).end()  # type: ignore[union-attr]
    before, (verb, space, rest) = predicate[:place], predicate[place:].partition(" ")
    if verb == "be":
        verb = "are" if plural else "is"
    elif not plural:
        verb = {"have": "has"}.get(verb, _third_person(verb))
    return f"{before}{verb}{space}{rest}"


__all__ = ["agreeing", "is_plural", "present"]
