"""The hub that models are downloaded from: what a repository holds, at which address, with which hash."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

import httpx2
from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoSibling
from huggingface_hub.utils import build_hf_headers

from immich_inference.errors import DownloadFailed
from immich_inference.layout import clean_name

IGNORED = ("*.armnn", "*.rknn", "rknpu/*", ".gitattributes", "*.md")
"""Builds for other runtimes, and what is no part of a model."""
LOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository.

    Args:
        name: Its path there.
        url: Where it is read.
        size: Bytes.
        sha256: Of its content, where the hub keeps large files; else
        git_blob: the SHA-1 by which git names it.
    """

    name: str
    url: str
    size: int
    sha256: str | None
    git_blob: str | None


@dataclass(frozen=True, slots=True)
class Repository:
    """What a model consists of at one commit."""

    id: str
    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub by its address.

    Args:
        endpoint: Empty for the one that Immich's models are on.
        collection: Whose repositories models named without an owner are.
    """

    endpoint: str = ""
    collection: str = "immich-app"

    @property
    def address(self) -> str:
        """Where it is."""
        return self._api.endpoint

    @property
    def headers(self) -> dict[str, str]:
        """Of requests for files; with the token of the environment (`HF_TOKEN`) where there is one."""
        return build_hf_headers(library_name="immich-host")

    @property
    def _api(self) -> HfApi:
        return HfApi(endpoint=self.endpoint or None, library_name="immich-host")

    def look(self, model: str) -> Repository:
        """What a model consists of. Blocking.

        Raises:
            DownloadFailed: The hub cannot be reached, or has no such model for us.
        """
        repository = model if "/" in model else f"{self.collection}/{clean_name(model)}"
        try:
            info = self._api.model_info(repository, files_metadata=True, timeout=LOOK_SECONDS)
        except GatedRepoError as error:
            msg = f"{repository} is only for those who have agreed to its terms: do so on {self.address}, set HF_TOKEN"
            raise DownloadFailed(msg) from error
        except RepositoryNotFoundError as error:
            msg = f"{self.address} has no model {repository}; is its name right?"
            raise DownloadFailed(msg) from error
        except HfHubHTTPError as error:
            msg = f"{self.address} does not give {repository}: {error}"
            raise DownloadFailed(msg) from error
        except HFValidationError as error:
            msg = f"{repository} is no name of a model on {self.address}: {error}"
            raise DownloadFailed(msg) from error
        except (httpx2.HTTPError, OSError) as error:
            raise DownloadFailed(offline(self.address, error)) from error
        commit = info.sha or "main"
        return Repository(repository, commit, tuple(self._files(repository, commit, info.siblings or [])))

    def _files(self, repository: str, commit: str, siblings: list[RepoSibling]) -> Iterator[RemoteFile]:
        for each in siblings:
            name = each.rfilename
            if any(fnmatch(name, pattern) for pattern in IGNORED):
                continue
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                msg = f"{repository} has a file outside its folder: {name}"
                raise DownloadFailed(msg)
            url = hf_hub_url(repository, name, revision=commit, endpoint=self.endpoint or None)
            lfs = each.lfs
            yield RemoteFile(name, url, each.size or 0, lfs.sha256 if lfs else None, None if lfs else each.blob_id)


def offline(address: str, error: Exception) -> str:
    """What to do where the hub cannot be reached."""
    return (
        f"{address} cannot be reached ({error or type(error).__name__}): try again when this machine is online, set "
        "inference.hub to a mirror, or put the model's files into the folder of models by hand"
    )
