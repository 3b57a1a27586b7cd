"""Clauses that tell of times to come as if they were over: "on 28 May sales rose by 10%", with that day ahead.

What is told is as sure as what "will" be. The head that chooses operations knows the past tense as one of the past, so
that such clauses are read in the future tense.
"""

import re
from collections.abc import Iterator

from .grounding_words import words

# Forms of the past and their verbs, of those that say what a series did.
_IRREGULAR = words(
    "rose:rise fell:fall went:go stood:stand came:come ran:run grew:grow sank:sink shrank:shrink swelled:swell "
    "leapt:leap shot:shoot slid:slide lost:lose kept:keep held:hold saw:see took:take gave:give lay:lie sat:sit "
    "brought:bring met:meet became:become broke:break undercut:undercut overshot:overshoot began:begin wrote:write "
    "sold:sell drew:draw drove:drive underwent:undergo dried:dry levelled:level tripled:triple trebled:treble "
    "doubled:double halved:halve"
)
_REGULAR = words(
    "reach quadruple increase decrease decline climb jump surge plunge plummet soar spike drop dip slip slump "
    "tumble stay remain close stop cease halt exceed surpass gain amount equal average level flatten stabilize "
    "stagnate turn reverse follow match resemble mirror collapse vanish suspend pause operate total dwindle drift "
    "ramp record suffer experience show register raise lower reduce boost lift push pull knock wipe add cost top "
    "peak"
)
# Words between which a form is a participle or an adjective: "was reduced", "the increased load".
_NO_SUBJECT = (
    "be|been|being|is|are|was|were|am|get|gets|got|has|have|had|having|'s|'re|a|an|the|of|by|with|to|from|due|for|at|in|"
    "on|as|its|their|our|this|that|these|those|than|when|once|if|any|all|no|more|less|most"
)


def _past_of(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb}d"
    return f"{verb}{verb[-1]}ed" if re.search(r"(?:^|[^aeiou])[aeiou][pt]$", verb) else f"{verb}ed"


_FORMS = dict(pair.split(":") for pair in _IRREGULAR) | {_past_of(verb): verb for verb in _REGULAR}
_VERB = re.compile(rf"\b(?:{'|'.join(_FORMS)})\b", re.IGNORECASE)
_BEHIND = re.compile(rf"(?:^|:|[,;.!?]\s*\n|\b(?:{_NO_SUBJECT}))[\s\"']*$", re.IGNORECASE)
# Characters before a verb in which these words stand.
_REACH = 12
_NOT = r"(?P<not>n['\N{RIGHT SINGLE QUOTATION MARK}]t| not)?\b"
# "Was to rise", "was expected to", "was said that": what was planned or said then. "Was it closed?" and "Was: closed"
# are none either, and a plan that was overruled is not.
_BE = re.compile(
    rf"(?<!^)\b(?:was|were){_NOT}(?!\s*:)(?! (?:\w+ly )?(?:to|going|about|supposed|meant|expected|planned|scheduled|"
    r"due|set|likely|allowed|asked|said|thought|believed|told|announced|rumou?red|predicted|forecast|feared|hoped|built|"
    r"opened|founded|overruled|rejected|refused|cancel+ed|called off|dropped|withdrawn|scrapped|denied|abandoned|"
    r"postponed|revoked|dismissed|turned down|vetoed|retracted)\b)",
    re.IGNORECASE,
)
_DO = re.compile(rf"\bdid{_NOT}", re.IGNORECASE)
_HAVE = re.compile(rf"\bhad{_NOT}(?: (?P<been>been)\b)?", re.IGNORECASE)
_PARTICIPLE = re.compile(rf"\s+(?:{'|'.join(_FORMS)}|\w+e[dn]|gone|grown|shrunk|come|run)\b", re.IGNORECASE)
# Clauses that tell of a plan, a word or a condition of then.
_OF_THEN = re.compile(
    r"\b(?:will|would|shall|should|might|could|is|are|if|unless|said|says|wrote|that|had (?:there|it)|before|"
    r"previously|formerly|historical\w*|record|ever|to date|all-time|for years|so far|until then)\b",
    re.IGNORECASE,
)


def future_forms(clause: str) -> Iterator[tuple[int, int, str]]:
    """Verbs of a clause in the past tense: their characters, and the same in the future tense.

    There are none where a verb of another tense, or of a time before, stands in the clause, too.
    """
    if _OF_THEN.search(clause):
        return
    for pattern, base in ((_BE, "be"), (_HAVE, "have"), (_DO, "")):
        for found in pattern.finditer(clause):
            if pattern is _HAVE and not found["been"] and _PARTICIPLE.match(clause, found.end()):
                # "Had risen" is before another time.
                continue
            verb = "be" if pattern is _HAVE and found["been"] else base
            denied = "not" if found["not"] else ""
            yield found.start(), found.end(), " ".join(word for word in ("will", denied, verb) if word)
    for found in _VERB.finditer(clause):
        if not _BEHIND.search(clause[max(found.start() - _REACH, 0) : found.start()]):
            yield found.start(), found.end(), f"will {_FORMS[found.group().lower()]}"


__all__ = ["future_forms"]
