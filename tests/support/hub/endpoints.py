"""The endpoints of the Hub stand-in: what each request does to the state in `state.py`."""

import base64
import hashlib
import json
import re

from tests.support.hub.answers import Answering
from tests.support.hub.state import Blob, git_hash, is_lfs

TYPES = ("model", "space", "dataset")


class Handler(Answering):
    """The Hub's routes."""

    def route(self, body: bytes) -> None:
        for method, pattern, name in ROUTES:
            match = re.fullmatch(pattern, self.path)
            if match and self.command in method:
                return getattr(self, name)(body, **match.groupdict())
        return self.refuse(404, f"no route {self.command} {self.path}")

    def create_repo(self, body: bytes) -> None:
        asked = json.loads(body)
        if self.token() not in self.hub.tokens:
            return self.refuse(401 if not self.token() else 403, "You may not create this")
        name, kind = f"{asked['organization']}/{asked['name']}", asked.get("type") or "model"
        if (kind, name) in self.hub.repos:
            return self.refuse(409, "You already created this repo")
        repo = self.hub.create(name, kind, asked.get("visibility") == "private")
        repo.variables = {v["key"]: v["value"] for v in asked.get("variables") or []}
        prefix = "" if kind == "model" else f"{kind}s/"
        return self.answer_json({"url": f"{self.hub.url}/{prefix}{name}", "name": name})

    def auth_check(self, body: bytes, kind: str, name: str) -> None:
        if self.find_repo(kind, name, write=True) is not None:
            self.answer_json({})

    def validate_yaml(self, body: bytes) -> None:
        text = json.loads(body)["content"]
        if not text.startswith("---\n"):
            return self.answer_json(
                {"errors": [{"message": "no front matter"}], "warnings": []}, 400
            )
        return self.answer_json({"errors": [], "warnings": []})

    def info(self, body: bytes, kind: str, name: str, rev: str = "main") -> None:
        if found := self.find_commit(kind, name, rev):
            repo, commit = found
            self.answer_json(
                {
                    "id": repo.id,
                    "sha": commit.oid,
                    "private": repo.private,
                    "siblings": [{"rfilename": path} for path in sorted(commit.files)],
                }
            )

    def tree(self, body: bytes, kind: str, name: str, rev: str) -> None:
        if found := self.find_commit(kind, name, rev):
            self.answer_json([_tree_entry(path, b) for path, b in sorted(found[1].files.items())])

    def refs(self, body: bytes, kind: str, name: str) -> None:
        if repo := self.find_repo(kind, name):
            tags = [
                {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid}
                for tag, oid in repo.tags.items()
            ]
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.head.oid}
            self.answer_json({"branches": [main], "converts": [], "tags": tags})

    def preupload(self, body: bytes, kind: str, name: str, rev: str) -> None:
        repo = self.find_repo(kind, name, write=True)
        if repo is None:
            return
        modes = []
        for asked in json.loads(body)["files"]:
            there = repo.head.files.get(asked["path"])
            modes.append(
                {
                    "path": asked["path"],
                    "uploadMode": "lfs" if is_lfs(asked["path"], asked["size"]) else "regular",
                    "shouldIgnore": False,
                    "oid": there.etag if there else None,
                }
            )
        self.answer_json({"files": modes})

    def lfs_batch(self, body: bytes, name: str, space: str | None = None) -> None:
        if self.find_repo("space" if space else "model", name, write=True) is None:
            return
        objects = []
        for asked in json.loads(body)["objects"]:
            entry = {"oid": asked["oid"], "size": asked["size"]}
            if asked["oid"] not in self.hub.objects:
                upload = {"href": f"{self.hub.cdn}/objects/{asked['oid']}"}
                entry["actions"] = {
                    "upload": upload,
                    "verify": {"href": f"{self.hub.url}/verify"},
                }
            objects.append(entry)
        self.answer_json({"transfer": "basic", "objects": objects})

    def put_object(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self.refuse(400, "content does not match its oid")
        self.hub.objects[oid] = body
        return self.answer(200, b"", {})

    def verify(self, body: bytes) -> None:
        asked = json.loads(body)
        size = len(self.hub.objects.get(asked["oid"], b""))
        if size != asked["size"]:
            return self.refuse(404, "object is missing")
        return self.answer_json({})

    def commit(self, body: bytes, kind: str, name: str, rev: str) -> None:
        repo = self.find_repo(kind, name, write=True)
        if repo is None:
            return None
        files, title = dict(repo.head.files), ""
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header":
                title = value["summary"]
                if value.get("parentCommit", repo.head.oid) != repo.head.oid:
                    return self.refuse(412, "A commit has happened since. Please refresh.")
            elif item["key"] == "file":
                files[value["path"]] = Blob(base64.b64decode(value["content"]), False)
            elif item["key"] == "lfsFile":
                if value["oid"] not in self.hub.objects:
                    return self.refuse(400, f"{value['path']} was never uploaded")
                files[value["path"]] = Blob(self.hub.objects[value["oid"]], True)
            elif item["key"] == "deletedFile":
                files.pop(value["path"], None)
            else:
                return self.refuse(400, f"unknown operation {item['key']}")
        oid = repo.commit(files, title).oid
        url = f"{self.hub.url}/{name}/commit/{oid}"
        return self.answer_json({"success": True, "commitOid": oid, "commitUrl": url})

    def tag(self, body: bytes, kind: str, name: str, rev: str) -> None:
        repo = self.find_repo(kind, name, write=True)
        if repo is None:
            return None
        commit, tag = repo.find(rev), json.loads(body)["tag"]
        if commit is None:
            return self.refuse(404, "Invalid rev id", {"X-Error-Code": "RevisionNotFound"})
        if tag in repo.tags:
            return self.refuse(409, "Tag reference exists already")
        repo.tags[tag] = commit.oid
        return self.answer_json({})

    def variables(self, body: bytes, name: str) -> None:
        repo = self.find_repo("space", name, write=True)
        if repo is None:
            return
        if body:
            asked = json.loads(body)
            if self.command == "DELETE":
                del repo.variables[asked["key"]]
            else:
                repo.variables[asked["key"]] = asked["value"]
        self.answer_json({k: {"key": k, "value": v} for k, v in repo.variables.items()})

    def resolve(
        self, body: bytes, name: str, rev: str, file: str, prefix: str | None = None
    ) -> None:
        found = self.find_commit((prefix or "models/").removesuffix("s/"), name, rev)
        if found is None:
            return None
        commit = found[1]
        known = {"X-Repo-Commit": commit.oid}
        blob = commit.files.get(file)
        if blob is None:
            return self.refuse(404, "Entry not found", {**known, "X-Error-Code": "EntryNotFound"})
        if not blob.lfs:
            return self.answer(200, blob.content, {**known, "ETag": f'"{blob.etag}"'})
        self.hub.objects.setdefault(blob.sha256, blob.content)
        linked = {
            "Location": f"{self.hub.cdn}/objects/{blob.sha256}",
            "X-Linked-Etag": f'"{blob.sha256}"',
            "X-Linked-Size": str(len(blob.content)),
        }
        return self.answer(302, b"", {**known, **linked})

    def get_object(self, body: bytes, oid: str) -> None:
        content = self.hub.objects[oid]
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not start:
            return self.answer(200, content, {"ETag": f'"{oid}"', "Accept-Ranges": "bytes"})
        rest = content[int(start[1]) :]
        span = f"bytes {start[1]}-{len(content) - 1}/{len(content)}"
        return self.answer(206, rest, {"ETag": f'"{oid}"', "Content-Range": span})


def _tree_entry(path: str, blob: Blob) -> dict:
    entry = {"type": "file", "path": path, "size": len(blob.content)}
    entry["oid"] = git_hash(blob.content)
    if blob.lfs:
        entry["lfs"] = {"oid": blob.sha256, "size": len(blob.content), "pointerSize": 134}
    return entry


_API = rf"/api/(?P<kind>{'|'.join(TYPES)})s/(?P<name>[^/]+/[^/]+)"
ROUTES = [
    ("POST", r"/api/repos/create", "create_repo"),
    ("POST", r"/api/validate-yaml", "validate_yaml"),
    ("GET POST DELETE", r"/api/spaces/(?P<name>[^/]+/[^/]+)/variables", "variables"),
    ("GET", _API, "info"),
    ("GET", rf"{_API}/revision/(?P<rev>.+)", "info"),
    ("GET", rf"{_API}/tree/(?P<rev>[^/]+)", "tree"),
    ("GET", rf"{_API}/refs", "refs"),
    ("GET", rf"{_API}/auth-check/write", "auth_check"),
    ("POST", rf"{_API}/preupload/(?P<rev>[^/]+)", "preupload"),
    ("POST", rf"{_API}/commit/(?P<rev>[^/]+)", "commit"),
    ("POST", rf"{_API}/tag/(?P<rev>[^/]+)", "tag"),
    ("POST", r"/(?P<space>spaces/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", "lfs_batch"),
    ("POST", r"/verify", "verify"),
    ("PUT", r"/objects/(?P<oid>\w+)", "put_object"),
    ("GET", r"/objects/(?P<oid>\w+)", "get_object"),
    (
        "GET HEAD",
        r"/(?P<prefix>(?:space|dataset)s/)?(?P<name>[^/]+/[^/]+)/resolve/"
        r"(?P<rev>[^/]+)/(?P<file>.+)",
        "resolve",
    ),
]
