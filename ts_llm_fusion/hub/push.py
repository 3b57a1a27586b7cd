"""Publishing of a checkpoint in a single commit on the Hub."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    HTTPError,  # from here, because versions of the client use different HTTP libraries
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import validate_repo_id

from ..errors import UserError
from .adapters import adapter_folder
from .contents import Contents, adapter_contents, check_secret, has_weights, is_stale, merged_contents, model_contents

logger = logging.getLogger(__name__)

_MAIN = "main"
# Branch, and its commit before a push.
_Head = tuple[str, str | None]


@dataclass(frozen=True)
class Publication:
    """Options of a push.

    Args:
        repo_id: repository, `name` or `namespace/name`.
        private: make a new repository private.
        revision: branch of the commit; `main` by default.
        create_pr: propose the commit as a pull request instead.
        adapter_only: push the adapter without its base.
        merge: if the folder holds an adapter alone, push its base with the adapter merged into it.
        space: also push a Space, `REPO_ID-demo`.
        endpoint: add the handler of an Inference Endpoint.

    Raises:
        ValueError: invalid name, or options that contradict each other.
    """

    repo_id: str
    private: bool = False
    revision: str | None = None
    create_pr: bool = False
    adapter_only: bool = False
    merge: bool = False
    space: bool = False
    endpoint: bool = False

    def __post_init__(self) -> None:
        try:
            validate_repo_id(self.repo_id)
        except HFValidationError as error:
            raise UserError(f"{self.repo_id!r} is not a valid name of a repository: {error}") from None
        if self.adapter_only and self.merge:
            raise UserError("--adapter-only and --merge contradict each other; give one of them.")
        if self.adapter_only and (self.space or self.endpoint):
            raise UserError("--space and --endpoint need the whole model; leave out --adapter-only.")

    @property
    def branch(self) -> str:
        """Branch of the commit."""
        return self.revision or _MAIN


def gather(checkpoint: Path, publication: Publication, scratch: Path) -> tuple[Contents, Contents]:
    """Collect the files of the model's commit, and those of the Space's commit, empty without `space`.

    `publication.repo_id` needs its namespace, for the cards; generated files go to `scratch`.
    """
    name = publication.repo_id
    is_adapter = adapter_folder(checkpoint) == checkpoint and not has_weights(checkpoint)
    if publication.adapter_only:
        contents = adapter_contents(checkpoint, name)
    elif is_adapter and publication.merge:
        contents = merged_contents(checkpoint, name, scratch)
    elif is_adapter:
        raise UserError(f"{checkpoint} holds an adapter alone; give --adapter-only, or --merge to push a whole model.")
    else:
        contents = model_contents(checkpoint, name, scratch)
    space: Contents = {}
    if publication.endpoint or publication.space:
        from .serving import endpoint_files, space_files

        contents |= endpoint_files(checkpoint, name) if publication.endpoint else {}
        space |= space_files(checkpoint, name) if publication.space else {}
    return contents, space


def full_name(api: HfApi, publication: Publication) -> str:
    """Name of the repository with its namespace, after checking that the token can write there.

    Raises:
        PermissionError: there is no token, or it cannot write there.
        ConnectionError: the Hub cannot be reached.
    """
    try:
        me = api.whoami()
    except LocalTokenNotFoundError:
        raise PermissionError("no access token: log in with `hf auth login`, or set HF_TOKEN.") from None
    except (HfHubHTTPError, HTTPError) as error:
        raise _explained(error, publication.repo_id) from error
    token = me.get("auth", {}).get("accessToken", {})
    if token.get("role") == "read":
        raise PermissionError(f"{publication.repo_id}: the access token is read-only; create one that may write.")
    if "/" not in publication.repo_id:
        return f"{me['name']}/{publication.repo_id}"
    owner = publication.repo_id.split("/")[0]
    writable = [me["name"], *(organization["name"] for organization in me.get("orgs", []))]
    if owner not in writable and not publication.create_pr:
        raise PermissionError(
            f"{publication.repo_id}: the access token belongs to {me['name']}, who may write to "
            f"{', '.join(writable)}; choose one of these, or propose a change with --create-pr."
        )
    return publication.repo_id


def _explained(error: BaseException, name: str, state: str = "") -> OSError:
    """One-line error for a failed request to the Hub."""
    if not isinstance(error, HfHubHTTPError):
        reason = str(error) or type(error).__name__
        return ConnectionError(f"{name}: the connection to the Hub broke ({reason}).{state}")
    status = error.response.status_code
    reason = " ".join((error.server_message or "").split()) or f"status {status}"
    if status == 401:
        return PermissionError(f"{name}: the Hub does not accept the access token ({reason}); log in again.{state}")
    if status == 403:
        return PermissionError(f"{name}: the access token does not permit this ({reason}).{state}")
    if status == 409:
        return FileExistsError(f"{name}: the name is taken ({reason}); choose another.{state}")
    if status == 412:
        return OSError(f"{name}: someone else has pushed in the meantime ({reason}); push again.{state}")
    if status >= 500:
        return ConnectionError(f"{name}: the Hub is in trouble (status {status}: {reason}); push again later.{state}")
    return OSError(f"{name}: the Hub refuses this ({reason}).{state}")


@contextmanager
def _one_line(api: HfApi, name: str, kind: str = "model", head: _Head | None = None) -> Iterator[None]:
    """Convert errors of the client into an `OSError` of one line, which tells if a branch has left `head`."""
    try:
        yield
    except (HfHubHTTPError, HTTPError, RuntimeError) as error:
        # The client wraps errors of large files in a RuntimeError.
        cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
        raise _explained(cause, name, _state(api, name, kind, head)) from error


def _state(api: HfApi, name: str, kind: str, head: _Head | None) -> str:
    """State of the branch after a failure; asked at the Hub, because the response to a commit may have been lost."""
    if head is None:
        return ""
    branch, before = head
    try:
        now = api.repo_info(name, repo_type=kind, revision=branch).sha
    except (HfHubHTTPError, HTTPError):
        return f" Whether {branch} has changed is not known."
    return f" {branch} is as it was." if now == before else f" {branch} is now at {now}."


def _prepared_repository(api: HfApi, publication: Publication) -> str | None:
    """Create the repository if necessary, and return the commit of the branch."""
    name, branch = publication.repo_id, publication.branch
    try:
        info = api.repo_info(name)
    except RepositoryNotFoundError:
        if publication.create_pr or branch != _MAIN:
            what = "to propose a change to" if publication.create_pr else f"with a branch {branch!r}"
            raise UserError(f"{name}: no such repository {what}; push it to {_MAIN} first.") from None
        api.create_repo(name, private=publication.private or None)
        info = api.repo_info(name)
    if publication.private and not info.private:
        raise UserError(
            f"{name} exists and is public, and --private would not hide it; choose another name, or make it private "
            f"with `hf repos settings {name} --private`."
        )
    try:
        return api.repo_info(name, revision=branch).sha
    except RevisionNotFoundError:
        branches = ", ".join(ref.name for ref in api.list_repo_refs(name).branches)
        raise UserError(
            f"{name} has no branch {branch!r}; it has {branches}. Make one with `hf repos branch create {name} "
            f"{branch}`."
        ) from None


def _commit(
    api: HfApi, name: str, contents: Contents, message: str, kind: str, head: str | None, **options: Any
) -> Any:
    """Commit all files, and delete weights of earlier pushes that would be loaded instead."""
    existing = api.list_repo_files(name, repo_type=kind, revision=head)
    stale = [path for path in existing if is_stale(path) and path not in contents]
    additions = [CommitOperationAdd(path, content) for path, content in contents.items()]
    deletions = [CommitOperationDelete(path) for path in stale]
    return api.create_commit(
        name, [*additions, *deletions], commit_message=message, repo_type=kind, parent_commit=head, **options
    )


def publish(checkpoint: str | Path, publication: Publication) -> str:
    """Push a checkpoint in one commit, and optionally a Space in another.

    The access token is that of the Hub client.

    Args:
        checkpoint: folder of a checkpoint, or of an adapter.
        publication: options of the push.

    Returns:
        URL of the commit, or of the pull request.

    Raises:
        OSError: the Hub refuses, or the connection breaks; the error tells if the branch has changed.
        ValueError: the checkpoint cannot be pushed with these options.
    """
    checkpoint, api = Path(checkpoint), HfApi()
    if not checkpoint.is_dir():
        raise FileNotFoundError(f"{checkpoint}: no such folder; give that of a checkpoint.")
    name = full_name(api, publication)
    publication = replace(publication, repo_id=name)
    with TemporaryDirectory() as scratch:
        contents, space = gather(checkpoint, publication, Path(scratch))
        check_secret({**contents, **{f"Space: {path}": content for path, content in space.items()}}, get_token())
        with _one_line(api, name):
            head = _prepared_repository(api, publication)
        message = f"{checkpoint.resolve().name}, with ts-llm-fusion"
        with _one_line(api, name, head=(publication.branch, head)):
            options = {"revision": publication.revision, "create_pr": publication.create_pr or None}
            commit = _commit(api, name, contents, message, "model", head, **options)
        if space:
            _publish_space(api, f"{name}-demo", space, publication.private)
    return commit.pr_url or commit.commit_url


def _publish_space(api: HfApi, name: str, contents: Contents, private: bool) -> None:
    with _one_line(api, name, "space"):
        api.create_repo(name, repo_type="space", space_sdk="gradio", private=private or None, exist_ok=True)
        head = api.repo_info(name, repo_type="space").sha
    with _one_line(api, name, "space", head=(_MAIN, head)):
        _commit(api, name, contents, f"Demo of {name.removesuffix('-demo')}", "space", head)
    logger.info("The Space is %s/spaces/%s", api.endpoint, name)


def requested_publication(arguments: Any) -> Publication | None:
    """Publication requested by `push_to_hub: true` in a recipe.

    The pushing of the Trainer, one commit for each checkpoint, is turned off in favor of one commit at the end. The
    token is checked here, before hours of training.

    Args:
        arguments: `TrainingArguments`; changed in place.

    Returns:
        The publication, or None if `push_to_hub` is off.

    Raises:
        ValueError: `hub_token` is set, or `hub_strategy` makes more than one commit.
        PermissionError: the token cannot write to the repository.
    """
    if arguments.hub_token is not None:
        raise UserError(
            "hub_token is set, which would end in files and logs; log in with `hf auth login`, or set HF_TOKEN."
        )
    if not arguments.push_to_hub:
        return None
    if arguments.hub_strategy in ("checkpoint", "all_checkpoints"):
        raise UserError(
            f"hub_strategy is {str(arguments.hub_strategy.value)!r}, but a recipe makes one commit, at its end; "
            "leave it out."
        )
    publication = Publication(
        repo_id=arguments.hub_model_id or Path(arguments.output_dir).resolve().name,
        private=bool(arguments.hub_private_repo),
        revision=arguments.hub_revision,
    )
    arguments.push_to_hub = False
    if arguments.process_index == 0:
        full_name(HfApi(), publication)
    return publication
