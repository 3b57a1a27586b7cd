"""`python -m ts_llm_fusion.cli`, and with it `accelerate launch -m ts_llm_fusion.cli`."""

import sys

from . import main

sys.exit(main())
