"""Demo of {{ repo_id }}: the page of `ts-llm-fusion demo`, whose package lies beside this file."""

import json
import logging
import os
from pathlib import Path

from huggingface_hub import snapshot_download

from ts_llm_fusion.web.forecasts import load_offer
from ts_llm_fusion.web.page import make_page
from ts_llm_fusion.web.server import serve

NAME = "{{ repo_id }}"
MODEL = os.environ.get("TS_LLM_FUSION_MODEL", NAME)

logging.basicConfig(level=logging.WARNING)
folder = Path(MODEL if Path(MODEL).is_dir() else snapshot_download(MODEL))
config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
# A joined checkpoint reads shapes by its own language model, others by the built-in one.
reader = str(folder) if config.get("tslm_config") else None
page = make_page(load_offer({NAME: folder, "built-in": "built-in"}), reader)

if __name__ == "__main__":
    serve(page)
