"""Reports in one file, whatever the names are."""

import base64
import re
from dataclasses import replace

import pytest
from explanation_cases import promoted

from ts_llm_fusion.explanations.explain import explain_evidence
from ts_llm_fusion.explanations.report import render_report, write_report

NAME = "<script>alert(1)</script> | $x_1$ `a` [b](c) $\\frac{"


@pytest.fixture(scope="module")
def explanation():
    return explain_evidence(replace(promoted("<b> & co"), name=NAME))


def test_a_page_has_all_of_it_and_nothing_of_a_name_runs(explanation):
    page = render_report([explanation], "T <i>")
    assert "<script" not in page and "&lt;script&gt;" in page and "<title>T &lt;i&gt;</title>" in page
    assert "averages 158 &lt;b&gt; &amp; co" in page
    # Nothing is loaded from elsewhere.
    assert re.findall(r"(?:src|href)=\"(?!data:)", page) == []
    picture = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", page).group(1))
    assert picture[:8] == b"\x89PNG\r\n\x1a\n" and len(picture) > 10_000
    cells = re.findall(r"<th>([^<]+)</th><td>([^<]+)</td>", page)
    assert ("horizon", "12 months") in cells and (
        "last observed value",
        "146 &lt;b&gt; &amp; co in December 1960",
    ) in cells
    facts = dict(cells)
    assert facts["covariate is_promo"].endswith("; up to 60 &lt;b&gt; &amp; co in May 1961; in 2 of 12 steps")
    assert facts["covariate price"].startswith("-5 ") and "; in 0 of 12 steps" in facts["covariate weather"]
    assert facts["season, peak, covariates aside"] == "30 &lt;b&gt; &amp; co in July 1961, from the trend"
    assert f"{len(explanation.claims)} claims, all computed anew" in page
    assert page.count("<td>yes</td>") == len(explanation.claims)


def test_markdown_has_the_same_tables_and_escapes_names(explanation, tmp_path):
    write_report([explanation], tmp_path / "report.md", "one")
    text = (tmp_path / "report.md").read_text()
    assert text.count(r"## \<script\>alert(1)\</script\> \| \$x\_1\$") == 1
    assert r"| trend | 75 % | 6 \<b\> \& co |" in text.splitlines()
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines() if line.startswith("|")}
    assert widths == {3, 4, 5}


def test_other_kinds_of_files_are_refused(explanation, tmp_path):
    with pytest.raises(ValueError, match=r"give \.html or \.md"):
        write_report([explanation], tmp_path / "report.pdf", "x")
