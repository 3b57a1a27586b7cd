"""Words of an operation in another sense, and beside them what is said of the series."""

import pytest

from ts_llm_fusion.modeling.modeling_tsfusion_context_senses import other_sense


@pytest.mark.parametrize(
    ("name", "phrase", "following"),
    [
        ("rise", "Half-price tickets lift sales by 30% on 8 March.", ""),
        ("cut", "Sales, which depend on tourism, fall by 20% on 8 March.", ""),
        ("rise", "Sales are 20% higher over the forecast.", ""),
        ("rise", "As shops recover from the strike, sales rise by 10% on 8 March.", ""),
        ("cut", "The bridge that was built two years ago is closed, so sales fall by 20% on 8 March.", ""),
        ("rise", "There is no chance of rain, so sales rise by 10% on 8 March.", ""),
        ("cut", "The utility needs to cut power, so sales fall by 20% on 8 March.", ""),
        ("zero", "The shop is closed on 8 March.", "Sorry for the inconvenience."),
        ("cut", "Sales fall by 20% on 8 March.", "They are unchanged on 9 March."),
    ],
)
def test_what_is_said_of_the_series_is_no_other_sense(name: str, phrase: str, following: str) -> None:
    assert other_sense(name, phrase, phrase, following) == ""


@pytest.mark.parametrize(
    ("name", "phrase", "following", "reason"),
    [
        ("times", "Sales double on 8 March.", "Sorry, I meant a rise of 10%.", "takes it back"),
        ("cut", "Sales escape the 20% cut on 8 March.", "", "will not be so"),
        ("ramp_down", "From 8 to 20 March sales recover from 30% below normal to normal.", "", "goes back"),
        ("rise", "Sales will be 20% over budget on 8 March.", "", "another time or a plan"),
        ("rise", "We need to raise sales by 20% on 8 March.", "", "wished for"),
    ],
)
def test_another_sense_is_told(name: str, phrase: str, following: str, reason: str) -> None:
    assert reason in other_sense(name, phrase, phrase, following)
