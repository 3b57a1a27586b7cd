"""The code of the package reads no pickles and runs no text, and checkpoints run no code of theirs."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("ts_llm_fusion", "modeling", "processing", "training", "hub_cards", "benchmarks", "examples")
MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
FUNCTIONS = {"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}


def faults(source: str) -> list[str]:
    """Uses of what can run code in data."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            found += [f"{node.lineno}: import of {name}" for name in names if name.split(".")[0] in MODULES]
        if not isinstance(node, ast.Call):
            continue
        called, options = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
        if called in FUNCTIONS or options.get("allow_pickle") == "True" or options.get("shell") == "True":
            found.append(f"{node.lineno}: {called}")
        if called == "torch.load" and options.get("weights_only") != "True":
            found.append(f"{node.lineno}: torch.load without weights_only")
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_data_runs_no_code(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    assert {str(path): found for path in files if (found := faults(path.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("folder", ("ts_llm_fusion", "modeling", "processing", "training"))
def test_no_checkpoint_is_trusted(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
                assert ast.unparse(node.value) == "False", f"{path}:{node.value.lineno}"


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from joblib import load", "eval('1')", "yaml.load(text)", "torch.load(path)",
     "np.load(p, allow_pickle=True)", "subprocess.run(command, shell=True)", "torch.load(path, weights_only=False)"],
)  # fmt: skip
def test_what_can_run_code_is_found(source: str) -> None:
    assert faults(source)


def test_what_cannot_is_not() -> None:
    assert not faults("model.eval(); yaml.safe_load(text); torch.load(path, weights_only=True); np.load(path)")
