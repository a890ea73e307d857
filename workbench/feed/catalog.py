"""The folder of all datasets: finding them by name or by content, and adding to them whole or not at all.

A dataset is written into a hidden folder beside its place and renamed when it is on the disk. Whoever writes
one holds a lock on its hidden folder, so what an interrupted import left behind is told from what another
import is writing now. Names are given out under a lock of the catalog, for a moment only.
"""

from __future__ import annotations

import difflib
import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import SourceError, WorkbenchError
from workbench.feed.contents import Content
from workbench.feed.dataset import Dataset, Draft
from workbench.feed.dataset_tables import sync_folder
from workbench.feed.manifest import BARS, Manifest, read_manifest

FOLDER = "history"
"""Folder of the datasets below the data root."""

_LOCK, _OWNER = ".lock", ".owner"
_PARTIAL, _OLD, _GONE = ".partial-", ".old-", ".gone-"
_SHOWN, _SHOWN_NEAR = 5, 3
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a draft.

    Attributes
    ----------
    dataset
        The dataset that holds it now.
    outcome
        "new", "already" (it was there) or "replaced" (what was there could not be used any more).
    reason
        Why it was replaced.
    """

    dataset: Dataset
    outcome: str
    reason: str = ""


class Catalog:
    """The datasets below a data root.

    Parameters
    ----------
    root
        The data root; nothing is made there before something is added.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.folder = Path(root).absolute() / FOLDER
        self._known: dict[str, tuple[int, Manifest | None]] = {}
        self._answers: dict[str, Manifest] = {}

    # Finding

    def names(self) -> list[str]:
        """Names of all datasets, damaged ones too."""
        return sorted(self._folders())

    def _folders(self) -> dict[str, int]:
        """Folders of datasets, and numbers that change when another folder takes the name."""
        try:
            with os.scandir(self.folder) as entries:
                return {
                    entry.name: entry.inode()
                    for entry in entries
                    if not entry.name.startswith(".") and entry.is_dir()
                }
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise WorkbenchError(f"cannot be read: {error.strerror}", str(self.folder)) from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(_NAME.fullmatch(name)) and (self.folder / name).is_dir()

    def dataset(self, name: str) -> Dataset:
        """The dataset called `name`.

        Raises
        ------
        SourceError
            When there is none, with the names nearest to it, or it cannot be used.
        """
        if name not in self:
            raise self._unknown(name)
        made = Dataset.open(self.folder / name)
        if made.name != name:
            raise SourceError(
                made.folder,
                None,
                f"is the dataset {made.name!r} in a folder of another name",
                "rename it back",
            )
        return made

    def near(self, name: str) -> list[str]:
        """Names that somebody may have meant by one that is none."""
        names = self.names()
        begun = [known for known in names if name and known.casefold().startswith(name.casefold())]
        folded = {known.casefold(): known for known in names}
        alike = difflib.get_close_matches(name.casefold(), folded, n=_SHOWN_NEAR, cutoff=0.6)
        return list(dict.fromkeys([*begun, *(folded[low] for low in alike)]))[:_SHOWN_NEAR]

    def _unknown(self, name: str) -> SourceError:
        near, names = self.near(name), self.names()
        hint = f"did you mean {' or '.join(near)}?" if near else ""
        if names and not near:
            hint = f"it has {', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}"
        return SourceError(name, None, f"there is no dataset of this name in {self.folder}", hint)

    def manifests(self) -> list[Manifest]:
        """Manifests of all datasets that have a readable one; each is read once."""
        folders = self._folders()
        for name in [name for name, (number, _) in self._known.items() if folders.get(name) != number]:
            self._forget(name)
        for name, number in folders.items():
            if name not in self._known:
                self._learn(name, number)
        return [made for _, made in self._known.values() if made is not None]

    def _learn(self, name: str, number: int) -> None:
        try:
            made = read_manifest(self.folder / name)
        except SourceError:
            self._known[name] = number, None  # Asking for it by its name says why; nothing else reads it.
            return
        self._known[name] = number, made if made.name == name else None
        if made.name == name:
            self._answers |= dict.fromkeys(made.identities, made)

    def _forget(self, name: str) -> None:
        _, made = self._known.pop(name)
        for identity in made.identities if made is not None else ():
            if self._answers.get(identity) is made:
                del self._answers[identity]

    def answering(self, identity: str) -> Manifest | None:
        """Manifest of the dataset that answers a question, of whatever version it is."""
        self.manifests()
        return self._answers.get(identity)

    def known_content(self, path: str | os.PathLike[str], now_ns: int) -> Content | None:
        """What a file holds if a dataset was made from it; hashed only when its size is that of one of them.

        A file that was not touched since it was imported is not even opened.
        """
        contents = [content for made in self.manifests() for content in made.sources]
        for content in contents:
            if content.is_at(path):
                return content
        try:
            size = Path(path).stat().st_size
        except OSError:
            return None
        if all(content.size != size for content in contents):
            return None
        found = Content.of(path, now_ns)
        return found if any(content.sha256 == found.sha256 for content in contents) else None

    # Adding

    def check_writable(self) -> None:
        """Refuse a root that cannot be written, before anybody waits for nothing; clean what was left."""
        with self._locked():
            self._clean()

    def add(self, draft: Draft, name: str = "") -> Added:
        """Write a dataset, unless there is one that answers the same questions.

        Parameters
        ----------
        draft
            What to write.
        name
            How to call it; after its instrument and day unless given.

        Raises
        ------
        WorkbenchError
            When another dataset has that name, or it cannot be written; then nothing of it is left.
        """
        if name:
            check_name(name)
        with self._locked():
            self._clean()
            found = self.usable(draft.manifest.identities)
            if found is not None:
                return Added(found, "already")
            self._free_name(draft, name)
            partial, owner = self._claim()
        try:
            with _writing(self.folder):
                draft.write(partial)
            with self._locked():
                return self._publish(draft, name, partial)
        finally:
            os.close(owner)
            shutil.rmtree(partial, ignore_errors=True)

    def usable(self, identities: Sequence[str]) -> Dataset | None:
        """The whole dataset of this version that answers one of these questions, if there is one."""
        for identity in identities:
            made = self.answering(identity)
            if made is not None and made.is_current and not _why_useless(self.folder / made.name):
                return Dataset(self.folder / made.name, made)
        return None

    def _publish(self, draft: Draft, name: str, partial: Path) -> Added:
        found = self.usable(draft.manifest.identities)
        if found is not None:
            return Added(found, "already")
        called = self._free_name(draft, name)
        place = self.folder / called
        old = self.folder / f"{_OLD}{called}"
        reason = ""
        with _writing(self.folder):
            made = draft.seal(partial, called)
            (partial / _OWNER).unlink()
            sync_folder(partial)
            if place.exists():
                reason = _why_useless(place) or "another version of the workbench made it"
                place.rename(old)
            partial.rename(place)
            sync_folder(self.folder)
            shutil.rmtree(old, ignore_errors=True)
        return Added(Dataset(place, made), "replaced" if reason else "new", reason)

    def _free_name(self, draft: Draft, wanted: str) -> str:
        """A name that is not taken, or that of a dataset of the same source that is of no use any more."""
        replaced = next(filter(None, map(self.answering, draft.manifest.identities)), None)
        if replaced is not None and wanted in ("", replaced.name):
            return replaced.name
        if wanted in self:
            raise WorkbenchError(
                f"a dataset of this name exists in {self.folder}, with other content or options",
                wanted,
                "choose another --name, or remove it",
            )
        taken = set(self.names())
        return wanted or next(name for name in _numbered(name_for(draft.manifest)) if name not in taken)

    def _claim(self) -> tuple[Path, int]:
        """A hidden folder of our own, and the lock that says that it is in use."""
        with _writing(self.folder):
            partial = self.folder / f"{_PARTIAL}{secrets.token_hex(8)}"
            partial.mkdir()
            owner = os.open(partial / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return partial, owner

    # Removing

    def remove(self, name: str) -> None:
        """Remove a dataset, damaged or not; it is gone at once, its bytes a little later."""
        if name not in self:
            raise self._unknown(name)
        with self._locked(), _writing(self.folder):
            gone = self.folder / f"{_GONE}{secrets.token_hex(8)}"
            (self.folder / name).rename(gone)
            sync_folder(self.folder)
            shutil.rmtree(gone, ignore_errors=True)

    def _clean(self) -> None:
        """Remove what interrupted imports left; hidden folders whose lock is held are being written."""
        with _writing(self.folder):
            for path in sorted(self.folder.iterdir()):
                name = path.name
                place = self.folder / name.removeprefix(_OLD)
                if name.startswith(_OLD) and not place.exists():
                    path.rename(place)  # Its successor never came.
                elif name.startswith((_OLD, _GONE)) or (name.startswith(_PARTIAL) and not _is_owned(path)):
                    shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the catalog: names are given out, and left-overs cleaned, by one import at a time."""
        with _writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            with _writing(self.folder):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def check_name(name: str) -> str:
    """`name`, if a dataset can be called so."""
    if not _NAME.fullmatch(name):
        raise WorkbenchError(
            "is no name for a dataset",
            name,
            "use letters, digits, - _ and . and begin with a letter or digit",
        )
    return name


def name_for(manifest: Manifest) -> str:
    """What to call a dataset: its instrument and day.

    A span of days has both ends, bars say what they are.
    """
    days = "-to-".join(dict.fromkeys(manifest.days))
    parts = [manifest.symbol, manifest.kind if manifest.holds == BARS else "", days]
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(filter(None, parts)))
    return name.lstrip("._-")[:100] or "dataset"


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _why_useless(folder: Path) -> str:
    """Why a dataset must be made anew; "" when it need not."""
    try:
        Dataset.open(folder).check()
    except SourceError as error:
        return str(error.reason)
    return ""


def _is_owned(partial: Path) -> bool:
    """Whether a living import holds the lock of a hidden folder."""
    try:
        owner = os.open(partial / _OWNER, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(owner)
    return False


_REMEDIES = {
    errno.ENOSPC: "free some space and run the import again; finished datasets stay",
    errno.EDQUOT: "free some space and run the import again; finished datasets stay",
    errno.EROFS: "name another data root with --data",
    errno.EACCES: "name another data root with --data",
    errno.EPERM: "name another data root with --data",
}


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Turn what the operating system says against writing into a sentence."""
    try:
        yield
    except OSError as error:
        raise WorkbenchError(
            f"cannot be written: {error.strerror or error}", str(folder), _REMEDIES.get(error.errno or 0, "")
        ) from None


def listed(catalog: Catalog, names: Sequence[str] = ()) -> list[tuple[str, Manifest | str]]:
    """Names of datasets with their manifests, or with what is wrong with them."""
    made: list[tuple[str, Manifest | str]] = []
    for name in names or catalog.names():
        try:
            made.append((name, catalog.dataset(name).manifest))
        except SourceError as error:
            if name not in catalog:
                raise
            made.append((name, str(error)))
    return made
