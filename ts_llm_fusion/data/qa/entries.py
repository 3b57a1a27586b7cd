"""Registry entries of the sets of questions and captions."""

from ..entries import DatasetEntry, RemoteFile
from .archive_names import UCR_NAMES, UEA_NAMES

_ARCHIVE_ADDRESS = "https://timeseriesclassification.com/aeon-toolkit"
_POLYBOX = "https://polybox.ethz.ch/index.php/s"
_OPENTSLM = (
    "OpenTSLM: Time-Series Language Models for Reasoning over Multivariate Medical Text- and Time-Series Data, 2025"
)
_OPENTSLM_HOME = "https://github.com/OpenTSLM/OpenTSLM"
_NOT_STATED = "not stated"


def archive_file(name: str) -> RemoteFile:
    """Registry entry of the zip file of a UCR or UEA archive, with both of its splits."""
    return RemoteFile(f"tsc/{name}.zip", f"{_ARCHIVE_ADDRESS}/{name}.zip")


def _archive(name: str) -> DatasetEntry:
    kind, year = ("UCR", "Dau et al., 2019") if name in UCR_NAMES else ("UEA", "Bagnall et al., 2018")
    return DatasetEntry(
        name=name,
        task="classification",
        description=f"{kind} archive {name} as questions: which class do the signals belong to?",
        license=f"cite the {kind} archive",
        citation=f"The {kind} time series classification archive ({year}).",
        homepage=f"https://timeseriesclassification.com/description.php?Dataset={name}",
        loader="ts_llm_fusion.data.qa.archives:load_archive",
        options={"archive": name},
        files=(archive_file(name),),
        instead=tuple(f"tsc/{name}_{part}.{'tsv' if kind == 'UCR' else 'ts'}" for part in ("TRAIN", "TEST")),
    )


_PTBXL = RemoteFile("ptbxl/ptb-xl-1.0.3.zip", "https://physionet-open.s3.amazonaws.com/ptb-xl/ptb-xl-1.0.3.zip")
_ECG_QA = "https://raw.githubusercontent.com/Jwoo5/ecg-qa/master/ecgqa/ptbxl"
_ECG_LICENSES = "CC BY 4.0 (PTB-XL); that of the questions is with their source"
_ECG_CITATION = (
    "Oh et al., ECG-QA: A Comprehensive Question Answering Dataset Combined With Electrocardiogram, NeurIPS 2023; "
    "Wagner et al., PTB-XL, a large publicly available electrocardiography dataset, Scientific Data 2020."
)
_PAMAP2_CITATION = "Reiss and Stricker, Introducing a New Benchmarked Dataset for Activity Monitoring, ISWC 2012."

ENTRIES = [
    DatasetEntry(
        name="synthetic",
        task="question-answering",
        description="Generated questions of ten to eighteen kinds about generated series, true by construction.",
        license="Apache-2.0",
        citation="This package.",
        homepage="",
        loader="ts_llm_fusion.data.qa.synthetic:load",
    ),
    DatasetEntry(
        name="tsqa",
        task="question-answering",
        description="48,000 multiple-choice questions on trend, volatility, season and outliers of generated series.",
        license="Apache-2.0",
        citation="Wang et al., ChatTime: A Unified Multimodal Time Series Foundation Model, AAAI 2025.",
        homepage="https://huggingface.co/datasets/ChengsenWang/TSQA",
        loader="ts_llm_fusion.data.qa.tsqa:load",
        files=(RemoteFile("text/TSQA.csv", "hf://datasets/ChengsenWang/TSQA/TSQA.csv"),),
        hub_id="ChengsenWang/TSQA",
    ),
    DatasetEntry(
        name="m4_captions",
        task="captioning",
        description="100,000 M4 series of six frequencies, described in words by GPT-4o from plots.",
        license=_NOT_STATED,
        citation=_OPENTSLM,
        homepage=_OPENTSLM_HOME,
        loader="ts_llm_fusion.data.qa.m4_captions:load",
        files=(
            RemoteFile(
                "text/M4TimeSeriesCaptionDatasetV02.zip",
                f"{_POLYBOX}/MT3y9WdEebT8wfj/download/M4TimeSeriesCaptionDatasetV02.zip",
            ),
        ),
    ),
    DatasetEntry(
        name="har_cot",
        task="question-answering",
        description="Eight everyday activities from 2.56 s of acceleration, with rationales by GPT-4o.",
        license=_NOT_STATED,
        citation=_OPENTSLM,
        homepage=_OPENTSLM_HOME,
        loader="ts_llm_fusion.data.qa.har:load",
        files=(RemoteFile("har/har_cot.zip", f"{_POLYBOX}/kD74GnMYxn3HBEM/download"),),
    ),
    DatasetEntry(
        name="sleep_cot",
        task="question-answering",
        description="Five sleep stages from 30 s of the EEG of Sleep-EDF, with rationales by GPT-4o.",
        license=_NOT_STATED,
        citation=f"{_OPENTSLM}; Kemp et al., Sleep-EDF, IEEE Transactions on Biomedical Engineering 2000.",
        homepage=_OPENTSLM_HOME,
        loader="ts_llm_fusion.data.qa.sleep:load",
        files=(RemoteFile("sleep/sleep_cot.csv", f"{_POLYBOX}/ZryWSdCFJZ9JR3R/download"),),
    ),
    DatasetEntry(
        name="ecg_qa",
        task="question-answering",
        description="414,348 questions of 70 templates about one or two ECGs of PTB-XL.",
        license=_ECG_LICENSES,
        citation=_ECG_CITATION,
        homepage="https://github.com/Jwoo5/ecg-qa",
        loader="ts_llm_fusion.data.qa.ecg_qa:load_plain",
        files=(
            RemoteFile("ecg_qa/ecg-qa.zip", "https://github.com/Jwoo5/ecg-qa/archive/refs/heads/master.zip"),
            _PTBXL,
        ),
    ),
    DatasetEntry(
        name="ecg_qa_cot",
        task="question-answering",
        description="231,543 questions of 42 templates about one ECG of PTB-XL, with rationales by GPT-4o.",
        license=_ECG_LICENSES,
        citation=f"{_OPENTSLM}; {_ECG_CITATION}",
        homepage=_OPENTSLM_HOME,
        loader="ts_llm_fusion.data.qa.ecg_qa:load_cot",
        files=(
            RemoteFile("ecg_qa/ecg_qa_cot_final.zip", f"{_POLYBOX}/D5QaJSEw4dXkzXm/download/ecg_qa_cot_final.zip"),
            RemoteFile("ecg_qa/answers_for_each_template.csv", f"{_ECG_QA}/answers_for_each_template.csv"),
            _PTBXL,
        ),
    ),
    DatasetEntry(
        name="pamap2_acc",
        task="question-answering",
        description="Twelve physical activities from three seconds of acceleration at the hand, split by subject.",
        license="CC BY 4.0",
        citation=_PAMAP2_CITATION,
        homepage="https://archive.ics.uci.edu/dataset/231/pamap2+physical+activity+monitoring",
        loader="ts_llm_fusion.data.qa.pamap2:load_acc",
        files=(
            RemoteFile(
                "pamap2/pamap2+physical+activity+monitoring.zip",
                "https://archive.ics.uci.edu/static/public/231/pamap2+physical+activity+monitoring.zip",
            ),
        ),
    ),
    DatasetEntry(
        name="pamap2_cot",
        task="question-answering",
        description="Eighteen physical activities from acceleration at the hand, with rationales by GPT-4o.",
        license=_NOT_STATED,
        citation=f"{_OPENTSLM}; {_PAMAP2_CITATION}",
        homepage=_OPENTSLM_HOME,
        loader="ts_llm_fusion.data.qa.pamap2:load_cot",
        files=(RemoteFile("pamap2/pamap2_cot.csv", f"{_POLYBOX}/mKJc8aX4nggScfs/download"),),
    ),
    DatasetEntry(
        name="spo2",
        task="question-answering",
        description="Blood oxygen saturation from 32 s of PPG and ECG (BIDMC32SpO2), a number as text.",
        license="see the homepage",
        citation="Tan et al., Time series extrinsic regression, Data Mining and Knowledge Discovery 2021.",
        homepage="https://zenodo.org/record/3902651",
        loader="ts_llm_fusion.data.qa.spo2:load",
        files=(
            RemoteFile(
                "monash/Monash_UEA_UCR_Regression_Archive.zip",
                "https://zenodo.org/record/3902651/files/Monash_UEA_UCR_Regression_Archive.zip",
            ),
        ),
    ),
    DatasetEntry(
        name="truce",
        task="captioning",
        description="2,460 series of 12 points, stock prices and drawn patterns, each with three captions by people.",
        license="Apache-2.0",
        citation="Jhamtani and Berg-Kirkpatrick, Truth-Conditional Captions for Time Series Data, EMNLP 2021.",
        homepage="https://github.com/harsh19/TRUCE",
        loader="ts_llm_fusion.data.qa.truce:load",
        files=(RemoteFile("text/truce.jsonl"),),
    ),
    DatasetEntry(
        name="time_series_exam",
        task="question-answering",
        description="746 multiple-choice questions on five kinds of time-series concepts, for evaluation alone.",
        license="MIT",
        citation="Cai et al., TimeSeriesExam: A Time Series Understanding Exam, 2024.",
        homepage="https://huggingface.co/datasets/AutonLab/TimeSeriesExam1",
        splits=("test",),
        loader="ts_llm_fusion.data.qa.exam:load",
        files=(
            RemoteFile(
                "text/TimeSeriesExam1.parquet",
                "hf://datasets/AutonLab/TimeSeriesExam1/data/test-00000-of-00001.parquet",
            ),
        ),
        hub_id="AutonLab/TimeSeriesExam1",
    ),
    *(_archive(name) for name in sorted(UCR_NAMES | UEA_NAMES)),
]
