"""The package as it is installed: lazy, registered, complete."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from fresh_python import FreshPython

import ts_llm_fusion

ROOT = Path(__file__).parent.parent


def python(code: str, executable: str | Path = sys.executable, **options) -> str:
    run = subprocess.run([executable, "-c", code], capture_output=True, text=True, check=False, **options)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_importing_the_package_or_its_command_line_loads_nothing_heavy() -> None:
    code = "import sys, ts_llm_fusion, ts_llm_fusion.cli; print('torch' in sys.modules, 'transformers' in sys.modules)"
    assert python(code) == "False False"


@pytest.mark.parametrize(
    "imports",
    [
        "import ts_llm_fusion; from transformers import AutoConfig, AutoModel",
        "from transformers import AutoConfig, AutoModel; import ts_llm_fusion",
        "from ts_llm_fusion.modeling.modeling_llmps import LLMPSModel; from transformers import AutoConfig, AutoModel",
        "from ts_llm_fusion import TSFusionConfig; from transformers import AutoConfig, AutoModel",
        "import ts_llm_fusion.modeling.modeling_encoders; from transformers import AutoConfig, AutoModel",
    ],
)
def test_auto_classes_know_our_models_whatever_is_imported_first(imports: str, fresh: FreshPython) -> None:
    code = f"{imports}\nc = AutoConfig.for_model('llmps', text_config={{'num_hidden_layers': 1, 'hidden_size': 48}})\n"
    code += "print(type(c).__name__, type(AutoModel.from_config(c)).__name__)"
    run = fresh.run(code)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "LLMPSConfig LLMPSModel"


@pytest.mark.parametrize(
    "imports",
    ["import ts_llm_fusion; from transformers import AutoProcessor", "from ts_llm_fusion import TimeSeriesProcessor"],
)
def test_auto_classes_know_the_language_model_where_the_processor_is_imported_first(
    imports: str, fresh: FreshPython
) -> None:
    code = f"{imports}\nfrom transformers import AutoConfig, AutoModelForCausalLM\n"
    code += "c = AutoConfig.for_model('tslm', time_series_token_id=0)\n"
    code += "print(type(c) in AutoModelForCausalLM._model_mapping)"
    run = fresh.run(code)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "True"


@pytest.mark.parametrize("name", ts_llm_fusion.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ts_llm_fusion, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ts_llm_fusion.nothing


def test_the_wheel_imports_in_a_clean_environment(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--outdir", str(tmp_path / "dist"), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    assert len(list((tmp_path / "dist").glob("*.tar.gz"))) == 1
    names = zipfile.ZipFile(wheel).namelist()
    folders = {"ts_llm_fusion": "", "modeling": "modeling/", "processing": "processing/", "training": "training/"}
    folders |= {"configs": "configs/", "hub_cards": "hub_cards/"}
    for folder, prefix in folders.items():
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in (".py", ".yaml", ".md", ".typed"):
                assert f"ts_llm_fusion/{prefix}{path.relative_to(ROOT / folder).as_posix()}" in names
    venv.create(tmp_path / "venv", with_pip=False)
    site = Path(
        sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv"), "platbase": str(tmp_path / "venv")})
    )
    zipfile.ZipFile(wheel).extractall(site)
    # Dependencies come from this environment, but not this package: a path file does not run the others beside it.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    code = "import ts_llm_fusion; from transformers import AutoModelForTimeSeriesPrediction as A\n"
    code += "print(ts_llm_fusion.__file__, ts_llm_fusion.__version__, ts_llm_fusion.LLMPSForForecasting.__name__)"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    file, version, name = python(code, tmp_path / "venv" / "bin" / "python", cwd=tmp_path, env=environment).split()
    assert Path(file).is_relative_to(tmp_path)
    assert (version, name) == (ts_llm_fusion.__version__, "LLMPSForForecasting")
