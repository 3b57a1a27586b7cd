"""`ts-llm-fusion push`: a checkpoint to the Hub, in one commit."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..hub.contents import Contents, size_of
from ..hub.push import Publication, gather, publish
from .flags import as_given
from .parsing import PROGRAM, CommandParser, print_next


def make_parser() -> CommandParser:
    """Make the parser of the command."""
    parser = CommandParser(
        f"{PROGRAM} push",
        "outputs/sales me/sales-forecaster --private",
        description="Push a checkpoint to the Hub, in one commit. The access token is the Hub client's: "
        "`hf auth login`, or HF_TOKEN.",
    )
    parser.add_argument("checkpoint", metavar="DIR", type=Path, help="folder of a checkpoint, or of an adapter")
    parser.add_argument("repo_id", metavar="REPO_ID", help="repository, as name or namespace/name")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--revision", help="branch to push to; main by default")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--adapter_only", action="store_true", help="push only the adapter that LoRA trained, without its base"
    )
    what.add_argument(
        "--merge",
        action="store_true",
        help="for an adapter alone in DIR: merge it into its base and push the whole model",
    )
    parser.add_argument("--create_pr", action="store_true", help="propose the commit as a pull request")
    parser.add_argument("--space", action="store_true", help="also push a Space with a demo, REPO_ID-demo")
    parser.add_argument("--endpoint", action="store_true", help="add the handler of an Inference Endpoint")
    parser.add_argument("--dry_run", action="store_true", help="list the files and push nothing")
    parser.add_argument("--json", action="store_true", help="print the address, or the files and bytes, as JSON")
    return parser


def _sizes(contents: Contents) -> dict[str, int]:
    """Bytes of each file, by its path."""
    return {path: size_of(content) for path, content in sorted(contents.items())}


def _listing(contents: Contents, title: str) -> str:
    sizes = _sizes(contents)
    lines = [f"{size:>14,}  {path}" for path, size in sizes.items()]
    return "\n".join([title, *lines, f"{sum(sizes.values()):>14,}  in {len(contents)} files"])


def main(args: Sequence[str]) -> None:
    """Run the command."""
    options = vars(make_parser().parse(args))
    checkpoint, is_dry, as_json = (options.pop(name) for name in ("checkpoint", "dry_run", "json"))
    publication = Publication(**options)
    if not is_dry:
        address = publish(checkpoint, publication)
        print(json.dumps({"address": address}, indent=2) if as_json else address)
        if not as_json and not publication.adapter_only and publication.branch == "main":
            print_next("evaluate", "--data", "DATA", "--models", publication.repo_id)
        return
    with TemporaryDirectory() as scratch:
        contents, space = gather(checkpoint, publication, Path(scratch))
        if as_json:
            print(json.dumps({"model": _sizes(contents), "space": _sizes(space)}, indent=2))
            return
        print(_listing(contents, f"{publication.repo_id}, {publication.branch}, bytes and files:"))
        if space:
            print(_listing(space, f"Space {publication.repo_id}-demo:"))
    given = [name for name, value in options.items() if value and name != "repo_id"]
    print_next("push", checkpoint, publication.repo_id, *as_given(publication, *given))
