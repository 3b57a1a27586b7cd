"""Voices: a language model chooses frames, their order and connectives; its text passes the check or is not shown."""

from pathlib import Path

import pytest
import torch
from explanation_cases import promoted, yearly
from transformers import BertConfig
from tslm_models import save_backbone, tokenizer

from ts_llm_fusion.cli import main
from ts_llm_fusion.explanations.checks import check_text
from ts_llm_fusion.explanations.explain import explain_evidence
from ts_llm_fusion.explanations.facts import find_facts
from ts_llm_fusion.explanations.grammar import CONNECTIVES, FRAMES
from ts_llm_fusion.explanations.report import render_report
from ts_llm_fusion.explanations.voice import Voice, _Writing
from ts_llm_fusion.explanations.words import connect, sentences, topics


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return Voice(save_backbone(tmp_path_factory.mktemp("voice") / "speaker"))


def test_the_likelihood_is_that_of_the_whole_text(voice: Voice) -> None:
    writing = _Writing(voice)
    writing.choose(["It rises by 5."])
    options = ["It falls.", "Also, it falls by 12 over the horizon."]
    found = writing._likelihoods(options)
    prefix = tokenizer()("Explain this forecast to a colleague, in clear and plain English.\nIt rises by 5.").input_ids
    for option, likelihood in zip(options, found.tolist(), strict=True):
        tokens = tokenizer()(f" {option}").input_ids
        with torch.no_grad():
            logits = voice.model(torch.tensor([[*prefix, *tokens]])).logits[0, len(prefix) - 1 : -1]
        expected = logits.log_softmax(-1).gather(1, torch.tensor(tokens)[:, None]).mean()
        assert likelihood == pytest.approx(expected.item(), abs=1e-5)
    assert writing.best(options) == options[int(found.argmax())]


def test_a_voice_says_the_facts_of_the_grammar_in_its_own_order(voice: Voice) -> None:
    evidence = promoted("t")
    explanation = explain_evidence(evidence, voice=voice)
    assert explanation.voice == voice.name == explanation.to_dict()["voice"]
    assert all(claim.holds for claim in explanation.claims)
    of_grammar = explain_evidence(evidence)
    assert of_grammar.voice == "grammar"
    assert {claim.quantity for claim in explanation.claims} == {claim.quantity for claim in of_grammar.claims}
    assert len(explanation.sentences) == len(of_grammar.sentences) == len(topics(explanation.facts))
    begins = [s.partition(",")[0] for s in explanation.sentences if s.partition(",")[0] in CONNECTIVES]
    assert len(begins) == len(set(begins))
    assert explain_evidence(evidence, seed=5, voice=voice).text == explanation.text


def test_a_text_that_does_not_hold_is_not_shown(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = find_facts(yearly())
    said = sentences(facts)
    for wrong, reason in (
        ([said[0].replace("146", "147"), *said[1:]], "last.value is said to be '147'"),
        ([*said, "Sales rise because of the weather."], "sentence is said to be 'Sales rise because"),
    ):
        monkeypatch.setattr(Voice, "tell", lambda self, facts, wrong=wrong: wrong)
        explanation = explain_evidence(yearly(), voice=voice)
        assert explanation.voice.startswith(f"rejected: {reason}")
        assert list(explanation.sentences) == said and all(claim.holds for claim in explanation.claims)
    assert "by a language model: rejected: sentence" in render_report([explanation], "sales", ".html")


def test_connectives_are_of_the_grammar_and_claim_nothing() -> None:
    evidence = yearly()
    said = sentences(find_facts(evidence))
    claims = check_text(" ".join(said), evidence)
    for connective in CONNECTIVES:
        connected = check_text(" ".join([said[0], *(connect(connective, one) for one in said[1:])]), evidence)
        assert [(c.quantity, c.words, c.holds) for c in connected] == [(c.quantity, c.words, c.holds) for c in claims]
    small = said[1][0].lower() + said[1][1:]
    for wrong in (small, f"However, {small}", f"Also {small}", f"Also, {said[1]}", f"Also, also, {small}"):
        assert not all(claim.holds for claim in check_text(wrong, evidence)), wrong
    assert all(frame[0].isupper() for frames in FRAMES.values() for frame in frames)


def test_the_command_speaks_in_the_voice_of_a_model(
    voice: Voice, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    table = tmp_path / "sales.csv"
    table.write_text("date,sales\n" + "".join(f"2024-01-{day:02},{100 + day % 7}\n" for day in range(1, 29)))
    assert main(["explain", str(table), "--horizon", "1", "--voice", voice.name, "--json"]) == 0
    assert f'"voice": "{voice.name}"' in capsys.readouterr().out
    BertConfig(architectures=["BertModel"]).save_pretrained(tmp_path / "reader")
    assert main(["explain", str(table), "--voice", str(tmp_path / "reader")]) == 2
    assert "is not a causal language model (BertModel); give smollm2" in capsys.readouterr().err
    assert main(["explain", str(table), "--voice", "a/b/c"]) == 2
    assert "a/b/c: neither a folder nor a name of the Hub" in capsys.readouterr().err
