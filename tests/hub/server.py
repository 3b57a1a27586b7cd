"""A small server that speaks the part of the Hub's HTTP API that pushing and pulling need.

Files are stored under their hashes in a folder, commits and branches as the Hub shows them. Requests are counted, and
faults can be asked for. It is a tool of the tests: no part of the package, and not hardened against anyone.
"""

import base64
import binascii
import hashlib
import json
import re
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml

TYPES = {"models": "model", "datasets": "dataset", "spaces": "space"}
# Those of https://huggingface.co/tasks that the cards of this package could want, and a few that they must not.
PIPELINE_TAGS = {"time-series-forecasting", "text-generation", "feature-extraction", "image-text-to-text", "other"}
LICENSES = {"apache-2.0", "mit", "other", "unknown", "cc-by-4.0", "cc-by-nd-4.0", "odc-by", "cc0-1.0", "llama3.2"}


@dataclass(frozen=True)
class Entry:
    """A file of a commit: its git object id, its size, and its sha256 where it is stored as a large file."""

    oid: str
    size: int
    sha256: str | None = None


@dataclass
class Commit:
    """A state of a repository."""

    title: str
    parent: str | None
    tree: dict[str, Entry]

    @property
    def oid(self) -> str:
        tree = sorted((path, entry.oid) for path, entry in self.tree.items())
        return hashlib.sha1(json.dumps([self.title, self.parent, tree]).encode()).hexdigest()


@dataclass
class Repository:
    """A repository: refs and commits."""

    name: str
    kind: str
    private: bool
    commits: dict[str, Commit] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return self.name.split("/")[0]

    def resolve(self, revision: str) -> str | None:
        """The commit of a branch, of `refs/pr/N`, or a commit itself."""
        return self.refs.get(revision) or (revision if revision in self.commits else None)


@dataclass
class Fault:
    """What goes wrong with requests of a method whose path matches, `times` of them: a status, `drop`, which cuts the
    connection in the middle of the body, or `drop answer`, which does what is asked and cuts it then."""

    method: str
    path: str
    kind: int | str
    times: int = 1_000_000


@dataclass
class Request:
    """A request that was answered, with the bytes of its body and of the answer's."""

    method: str
    path: str
    received: int = 0
    sent: int = 0
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, code: str | None = None, **body: Any):
        super().__init__(message)
        self.status, self.code = status, code
        self.body = {"error": message, **body}


class Hub:
    """The state of the server: repositories, tokens (token -> (user, "write" or "read")), faults and requests."""

    def __init__(self, folder: Path, tokens: dict[str, tuple[str, str]]):
        self.folder = folder
        self.tokens = tokens
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        self.url = ""
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        for state in (self.repositories, self.faults, self.requests):
            state.clear()
        shutil.rmtree(self.folder / "objects", ignore_errors=True)
        (self.folder / "objects").mkdir(parents=True)

    def object_path(self, name: str) -> Path:
        return self.folder / "objects" / name

    def store(self, content: bytes, sha256: str | None = None) -> Entry:
        """Stores a file under its git object id, which of a large file is that of its pointer."""
        if sha256 is not None:
            pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {len(content)}\n"
            return Entry(git_oid(pointer.encode()), len(content), sha256)
        oid = git_oid(content)
        self.object_path(oid).write_bytes(content)
        return Entry(oid, len(content))

    def read(self, entry: Entry) -> bytes:
        return self.object_path(entry.sha256 or entry.oid).read_bytes()

    def head(self, name: str, kind: str = "model", revision: str = "main") -> Commit:
        """The commit that a branch of a repository points to."""
        repository = self.repositories[kind, name]
        return repository.commits[repository.refs[revision]]

    def sent(self, pattern: str, method: str = "GET") -> int:
        """Bytes sent in answers to requests whose path matches."""
        return sum(r.sent for r in self.requests if r.method == method and re.search(pattern, r.path))

    def received(self, pattern: str, method: str = "PUT") -> int:
        """Bytes received in requests whose path matches."""
        return sum(r.received for r in self.requests if r.method == method and re.search(pattern, r.path))

    def fault(self, method: str, path: str) -> int | str | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and fault.times and re.search(fault.path, path):
                    fault.times -= 1
                    return fault.kind
        return None


def git_oid(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def card_errors(content: str, kind: str) -> list[str]:
    """What the Hub would refuse in the metadata of a card, as far as its rules are public."""
    match = re.match(r"---\r?\n(.*?)\r?\n---\r?\n", content, re.S)
    try:
        data = yaml.safe_load(match[1]) if match else {}
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    errors = []
    names = [data.get("license"), *as_list(data.get("license"))]
    errors += [f'"license" must be one of [...]: {x}' for x in names if isinstance(x, str) and x not in LICENSES]
    tag = data.get("pipeline_tag")
    if tag is not None and tag not in PIPELINE_TAGS:
        errors.append(f'"pipeline_tag" must be one of [...]: {tag}')
    repository = re.compile(r"[\w.-]+(/[\w.-]+)?")
    for name in ("base_model", "datasets"):
        errors += [
            f'"{name}" with value "{x}" is not valid'
            for x in as_list(data.get(name))
            if not repository.fullmatch(str(x))
        ]
    for model in data.get("model-index") or []:
        if not model.get("name"):
            errors.append('"model-index[0].name" is required')
        for result in model.get("results", []):
            if not result.get("task", {}).get("type"):
                errors.append('"model-index[0].results[0].task.type" is required')
            dataset = result.get("dataset", {})
            if not (dataset.get("name") and repository.fullmatch(str(dataset.get("type")))):
                errors.append('"model-index[0].results[0].dataset" needs a name and a type')
            for metric in result.get("metrics", []):
                if not metric.get("type") or not isinstance(metric.get("value"), int | float):
                    errors.append('"model-index[0].results[0].metrics[0]" needs a type and a value')
    if kind == "space" and data.get("sdk") not in ("gradio", "docker", "static", "streamlit"):
        errors.append('"sdk" must be one of [gradio, docker, static, streamlit]')
    return errors


def as_list(value: Any) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


class Handler(BaseHTTPRequestHandler):
    """Routes of the Hub."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *args: Any) -> None:
        """Says nothing; `Hub.requests` has it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    # -- the frame of an answer

    def _answer(self) -> None:
        self.split = urlsplit(self.path)
        self.route = unquote(self.split.path)
        self.query = parse_qs(self.split.query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.request_log = Request(self.command, self.split.path, headers=headers)
        with self.hub.lock:
            self.hub.requests.append(self.request_log)
        fault = self.hub.fault(self.command, self.split.path)
        self.cut, self.mute = fault == "drop", fault == "drop answer"
        length = int(headers.get("content-length", 0))
        if self.cut and self.command in ("PUT", "POST"):
            self.request_log.received = len(self.rfile.read(length // 2))
            self._hang_up()
            return
        try:
            self.body = self._read_chunks() if "chunked" in headers.get("transfer-encoding", "") else b""
            self.body = self.body or self.rfile.read(length)
            self.request_log.received = len(self.body)
            if isinstance(fault, int):
                raise Refused(fault, f"injected {fault}")
            self._route()
        except Refused as refusal:
            headers = {"X-Error-Message": str(refusal)} | ({"X-Error-Code": refusal.code} if refusal.code else {})
            self._send(json.dumps(refusal.body).encode(), refusal.status, headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _read_chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().strip(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(
        self, content: bytes, status: int = 200, headers: dict[str, str] | None = None, kind: str = "application/json"
    ) -> None:
        if self.mute:
            self._hang_up()
            return
        self.send_response(status, HTTPStatus(status).phrase)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "X-Request-Id": "test",
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.cut:
            content = content[: len(content) // 2]
        self.request_log.sent += len(content)
        self.wfile.write(content)
        if self.cut:
            self._hang_up()

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(json.dumps(value).encode(), status)

    # -- who asks

    def _user(self) -> tuple[str, str] | None:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if given and given not in self.hub.tokens:
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.hub.tokens.get(given)

    def _repository(self, kind: str, name: str, write: bool = False) -> Repository:
        user = self._user()
        repository = self.hub.repositories.get((kind, name))
        if repository is None or (repository.private and (user is None or user[0] != repository.owner)):
            raise Refused(404 if user else 401, "Repository not found", "RepoNotFound")
        if write and (user is None or user[0] != repository.owner or user[1] != "write"):
            raise Refused(
                403, "Forbidden: you must use a write token to upload to a repository." if user else "no token"
            )
        return repository

    def _commit(self, repository: Repository, revision: str) -> tuple[str, Commit]:
        oid = repository.resolve(revision)
        if oid is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return oid, repository.commits[oid]

    # -- routes

    def _route(self) -> None:
        routes = (
            ("GET", r"/api/whoami-v2", self._whoami),
            ("POST", r"/api/repos/create", self._create),
            ("POST", r"/api/validate-yaml", self._validate),
            ("GET", r"/api/(models|datasets|spaces)/(.+?)/refs", self._refs),
            ("POST", r"/api/(models|datasets|spaces)/(.+?)/preupload/(.+)", self._preupload),
            ("POST", r"/api/(models|datasets|spaces)/(.+?)/commit/(.+)", self._add_commit),
            ("POST", r"/api/(models|datasets|spaces)/(.+?)/branch/(.+)", self._branch),
            ("POST", r"/api/(models|datasets|spaces)/(.+?)/paths-info/(.+)", self._paths),
            ("GET", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/tree/(.+)", self._tree),
            ("GET", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)/revision/(.+)", self._info),
            ("GET", r"/api/(models|datasets|spaces)/([^/]+/[^/]+)", self._info),
            ("POST", r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", self._lfs_batch),
            ("PUT", r"/lfs/([0-9a-f]{64})", self._lfs_upload),
            ("POST", r"/lfs/verify", self._lfs_verify),
            ("GET", r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/(.+)", self._resolve),
            ("HEAD", r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/(.+)", self._resolve),
        )
        for method, pattern, function in routes:
            match = re.fullmatch(pattern, self.route)
            if match and method == self.command:
                function(*match.groups())
                return
        raise Refused(404, f"{self.command} {self.route}: no such route")

    def _whoami(self) -> None:
        user = self._user()
        if user is None:
            raise Refused(401, "Invalid username or password.")
        role = {"displayName": "test", "role": user[1]}
        self._json({"type": "user", "name": user[0], "orgs": [], "auth": {"accessToken": role}})

    def _create(self) -> None:
        user, wanted = self._user(), json.loads(self.body)
        if user is None:
            raise Refused(401, "Invalid username or password.")
        owner = wanted.get("organization") or user[0]
        kind, name = wanted.get("type") or "model", f"{owner}/{wanted['name']}"
        if owner != user[0] or user[1] != "write":
            raise Refused(403, f'You don\'t have the rights to create a {kind} under the namespace "{owner}"')
        url = f"{self.hub.url}/{'' if kind == 'model' else kind + 's/'}{name}"
        with self.hub.lock:
            if (kind, name) in self.hub.repositories:
                raise Refused(409, f"You already created this {kind} repo", url=url)
            private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
            repository = Repository(name, kind, private)
            attributes = self.hub.store(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
            first = Commit("initial commit", None, {".gitattributes": attributes})
            repository.commits[first.oid] = first
            repository.refs["main"] = first.oid
            self.hub.repositories[kind, name] = repository
        self._json({"url": url, "name": name, "private": private})

    def _validate(self) -> None:
        asked = json.loads(self.body)
        errors = [{"message": message} for message in card_errors(asked["content"], asked["repoType"])]
        self._json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def _refs(self, kinds: str, name: str) -> None:
        refs = self._repository(TYPES[kinds], name).refs
        heads = [
            {"name": ref, "ref": f"refs/heads/{ref}", "targetCommit": oid}
            for ref, oid in refs.items()
            if not ref.startswith("refs/")
        ]
        pulls = [
            {"name": ref, "ref": ref, "targetCommit": oid} for ref, oid in refs.items() if ref.startswith("refs/pr/")
        ]
        self._json({"branches": heads, "tags": [], "converts": [], "pullRequests": pulls})

    def _branch(self, kinds: str, name: str, branch: str) -> None:
        repository = self._repository(TYPES[kinds], name, write=True)
        if branch in repository.refs:
            raise Refused(409, "Reference already exists")
        start = json.loads(self.body or b"{}").get("startingPoint", "main")
        repository.refs[branch] = self._commit(repository, start)[0]
        self._json({})

    def _preupload(self, kinds: str, name: str, revision: str) -> None:
        repository = self._repository(TYPES[kinds], name, write="create_pr" not in self.query)
        _, commit = self._commit(repository, revision)
        answers = []
        for file in json.loads(self.body)["files"]:
            large = file["size"] > 1_000_000 or b"\0" in base64.b64decode(file["sample"])
            there = commit.tree.get(file["path"])
            answers.append(
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if large else "regular",
                    "shouldIgnore": False,
                    "oid": None if there is None else there.sha256 or there.oid,
                }
            )
        self._json({"files": answers})

    def _lfs_batch(self, kinds: str | None, name: str) -> None:
        self._repository(TYPES[kinds or "models"], name)
        if self._user() is None:
            raise Refused(401, "no token")
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            answer = {"oid": wanted["oid"], "size": wanted["size"]}
            if not self.hub.object_path(wanted["oid"]).exists():
                upload = {"href": f"{self.hub.url}/lfs/{wanted['oid']}", "header": {}}
                verify = {"href": f"{self.hub.url}/lfs/verify", "header": {}}
                answer["actions"] = {"upload": upload, "verify": verify}
            objects.append(answer)
        self._json({"transfer": "basic", "objects": objects})

    def _lfs_upload(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise Refused(400, "the content has another sha256")
        self.hub.object_path(oid).write_bytes(self.body)
        self._send(b"")

    def _lfs_verify(self) -> None:
        wanted = json.loads(self.body)
        path = self.hub.object_path(wanted["oid"])
        if not path.exists() or path.stat().st_size != wanted["size"]:
            raise Refused(404, "no such object")
        self._json({})

    def _add_commit(self, kinds: str, name: str, revision: str) -> None:
        as_pull = "create_pr" in self.query
        repository = self._repository(TYPES[kinds], name, write=not as_pull)
        if self._user() is None:
            raise Refused(401, "no token")
        with self.hub.lock:
            parent, base = self._commit(repository, revision)
            tree = dict(base.tree)
            title = ""
            for line in self.body.decode().splitlines():
                item = json.loads(line)
                key, value = item["key"], item["value"]
                if key == "header":
                    title = value["summary"]
                    if value.get("parentCommit") not in (None, parent):
                        raise Refused(412, "A commit has happened since. Please refresh and try again.")
                elif key == "file":
                    try:
                        content = base64.b64decode(value["content"], validate=True)
                    except binascii.Error as error:
                        raise Refused(400, f"{value['path']}: {error}") from None
                    tree[value["path"]] = self.hub.store(content)
                elif key == "lfsFile":
                    path = self.hub.object_path(value["oid"])
                    if not path.exists():
                        raise Refused(400, f"{value['path']}: its content was not uploaded")
                    tree[value["path"]] = self.hub.store(path.read_bytes(), value["oid"])
                elif key == "deletedFile" and tree.pop(value["path"], None) is None:
                    raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
            commit = Commit(title, parent, tree)
            repository.commits[commit.oid] = commit
            number = 1 + sum(ref.startswith("refs/pr/") for ref in repository.refs)
            repository.refs[f"refs/pr/{number}" if as_pull else revision] = commit.oid
        url = f"{self.hub.url}/{name}"
        answer = {"success": True, "commitOid": commit.oid, "commitUrl": f"{url}/commit/{commit.oid}"}
        self._json(answer | ({"pullRequestUrl": f"{url}/discussions/{number}"} if as_pull else {}))

    def _info(self, kinds: str, name: str, revision: str = "main") -> None:
        repository = self._repository(TYPES[kinds], name)
        oid, commit = self._commit(repository, revision)
        self._json(
            {
                "_id": "0",
                "id": name,
                "sha": oid,
                "private": repository.private,
                "disabled": False,
                "gated": False,
                "downloads": 0,
                "likes": 0,
                "tags": [],
                "siblings": [{"rfilename": path} for path in commit.tree],
            }
        )

    @staticmethod
    def _describe(path: str, entry: Entry) -> dict[str, Any]:
        large = {"lfs": {"oid": entry.sha256, "size": entry.size, "pointerSize": 134}} if entry.sha256 else {}
        return {"type": "file", "path": path, "oid": entry.oid, "size": entry.size, **large}

    def _split_revision(self, repository: Repository, rest: str) -> tuple[str, str]:
        """A revision, which may have slashes, and the path after it."""
        parts = rest.split("/")
        for count in (1, 3):
            if repository.resolve("/".join(parts[:count])):
                return "/".join(parts[:count]), "/".join(parts[count:])
        raise Refused(404, f"Invalid rev id: {parts[0]}", "RevisionNotFound")

    def _tree(self, kinds: str, name: str, rest: str) -> None:
        repository = self._repository(TYPES[kinds], name)
        revision, folder = self._split_revision(repository, rest)
        _, commit = self._commit(repository, revision)
        inside = {path: entry for path, entry in commit.tree.items() if not folder or path.startswith(f"{folder}/")}
        if folder and not inside:
            raise Refused(404, f"{folder} does not exist on {revision}", "EntryNotFound")
        if self.query.get("recursive", ["false"])[0].lower() not in ("true", "1"):
            inside = {path: e for path, e in inside.items() if "/" not in path.removeprefix(f"{folder}/")}
        self._json([self._describe(path, entry) for path, entry in inside.items()])

    def _paths(self, kinds: str, name: str, revision: str) -> None:
        _, commit = self._commit(self._repository(TYPES[kinds], name), revision)
        asked = parse_qs(self.body.decode()).get("paths", [])
        self._json([self._describe(path, commit.tree[path]) for path in asked if path in commit.tree])

    def _resolve(self, kinds: str | None, name: str, rest: str) -> None:
        repository = self._repository(TYPES[kinds or "models"], name)
        revision, path = self._split_revision(repository, rest)
        oid, commit = self._commit(repository, revision)
        entry = commit.tree.get(path)
        if entry is None:
            self._send(b"", 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": oid})
            return
        headers = {"X-Repo-Commit": oid, "ETag": f'"{entry.sha256 or entry.oid}"', "Accept-Ranges": "bytes"}
        content = self.hub.read(entry)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked is None:
            self._send(content, 200, headers, "application/octet-stream")
            return
        start, end = int(asked[1]), min(int(asked[2] or entry.size), entry.size - 1)
        if start >= entry.size:
            raise Refused(416, "Range Not Satisfiable")
        headers["Content-Range"] = f"bytes {start}-{end}/{entry.size}"
        self._send(content[start : end + 1], 206, headers, "application/octet-stream")


@contextmanager
def serve(folder: Path, tokens: dict[str, tuple[str, str]]) -> Iterator[Hub]:
    """A running server on a free port of the loopback interface; its address is `Hub.url`."""
    hub = Hub(folder, tokens)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
