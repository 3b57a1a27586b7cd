"""Choice among several captions of a series: `python -m benchmarks.caption_choice outputs/captions-seed1 ...`.

Of trained models of captions, on a split of TRUCE: the greedy caption; the most likely of eight sampled ones; and the
first of greedy and sampled ones, the most likely first, that says nothing false of its series (`caption_fault`).
Metrics as in `benchmarks.tslm_learning`, and the number of different captions.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoProcessor, set_seed

import ts_llm_fusion
from ts_llm_fusion.evaluation.answers import rouge_l
from ts_llm_fusion.evaluation.caption_claims import caption_fault, claim_metrics
from ts_llm_fusion.evaluation.report import results_table

_BATCH_SIZE, _NEW_TOKENS = 64, 24
# A caption of a series from its greedy caption and the sampled ones, the most likely first.
CHOICES: dict[str, Callable[[np.ndarray, str, list[str]], str]] = {
    "greedy": lambda values, greedy, sampled: greedy,
    "most likely of the sampled": lambda values, greedy, sampled: sampled[0],
    "first that holds": lambda values, greedy, sampled: next(
        (caption for caption in (greedy, *sampled) if caption_fault(caption, values) is None), greedy
    ),
}


@torch.no_grad()
def captions(folder: str, samples: list[dict], number: int) -> list[tuple[str, list[str]]]:
    """Greedy caption of each sample, and sampled ones, the most likely first."""
    model, processor = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoProcessor.from_pretrained(folder)
    found = []
    for start in range(0, len(samples), _BATCH_SIZE):
        part = samples[start : start + _BATCH_SIZE]
        inputs = processor.apply_chat_template(
            [sample["messages"][:-1] for sample in part],
            time_series=[sample["time_series"] for sample in part],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
        )
        length = inputs["input_ids"].shape[1]
        greedy = model.generate(**inputs, max_new_tokens=_NEW_TOKENS, do_sample=False)[:, length:]
        drawn = model.generate(
            **inputs,
            max_new_tokens=_NEW_TOKENS,
            do_sample=True,
            num_return_sequences=number,
            output_logits=True,
            return_dict_in_generate=True,
        )
        scores = model.compute_transition_scores(drawn.sequences, drawn.logits, normalize_logits=True)
        new = drawn.sequences[:, length:]
        is_new = (new != processor.tokenizer.pad_token_id).cumprod(1).bool()
        likelihoods = scores.masked_fill(~is_new, 0).sum(1).view(len(part), number)
        texts = [text.strip() for text in processor.batch_decode(new, skip_special_tokens=True)]
        firsts = [text.strip() for text in processor.batch_decode(greedy, skip_special_tokens=True)]
        for row, order in enumerate(likelihoods.argsort(1, descending=True).tolist()):
            found.append((firsts[row], [texts[row * number + place] for place in order]))
    return found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", help="trained models, of `captions.yaml`")
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--number", type=int, default=8, help="sampled captions of a series")
    options = parser.parse_args()
    torch.set_num_threads(1)
    samples = list(ts_llm_fusion.load_dataset("truce", options.split))
    # A series has several captions by people.
    by_series = {tuple(sample["time_series"][0]): sample for sample in samples}
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in CHOICES}
    for folder in options.folders:
        set_seed(1)
        drawn = captions(folder, list(by_series.values()), options.number)
        for name, choose in CHOICES.items():
            chosen = {
                values: choose(np.array(values), greedy, sampled)
                for values, (greedy, sampled) in zip(by_series, drawn, strict=True)
            }
            texts = [chosen[tuple(sample["time_series"][0])] for sample in samples]
            truths = [sample["answer"] for sample in samples]
            metrics = claim_metrics(texts, samples)
            shown = {metric: metrics[metric] for metric in ("with_claims", "claims_hold")}
            rows[name].append({"rouge_l": rouge_l(texts, truths), **shown, "different": len(set(texts))})
    means = {
        f"{name}, {what}": {metric: float(take([row[metric] for row in found])) for metric in found[0]}
        for name, found in rows.items()
        for what, take in (("mean", np.mean), ("lowest", np.min))[: len(found)]
    }
    print(f"{options.split}, {len(by_series)} series\n{results_table(means)}")


if __name__ == "__main__":
    main()
