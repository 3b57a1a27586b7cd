"""Web page of `ts-llm-fusion demo` and of Spaces: forecasts with their reasons, texts, questions, comparisons."""
