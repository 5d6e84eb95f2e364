"""When files and folders became what they are: told by going back, commit by commit, until each is another one or not there."""

from collections.abc import Collection, Mapping

from brightline.storage.repositories.listings import Filed
from brightline.storage.repositories.shelf import Revision

FOLDERS = 10_000  # files of a revision up to which its folders have dates, too: these need all files of each commit


class Dating:
    """`last` is the commit of each path that has one; it is the oldest that was looked at where the path stayed the same."""

    def __init__(self, files: Mapping[str, Filed], paths: Collection[str], head: Revision) -> None:
        self._now: Mapping[str, Filed] = files
        self._files = {path: files[path].stored for path in paths if path in files}
        self._folders = {path for path in paths if path not in files} if len(files) <= FOLDERS else set[str]()
        self.last = dict.fromkeys([*self._files, *self._folders], head)

    def before(self, older: Revision, files: Mapping[str, Filed]) -> bool:
        """What was there in the commit before. False once nothing is left to be dated."""
        for path, stored in list(self._files.items()):
            if path in files and files[path].stored == stored:
                self.last[path] = older
            else:
                del self._files[path]
        if self._folders:
            self._folders -= self._changed(files)
            self.last |= dict.fromkeys(self._folders, older)
            self._now = files
        return bool(self._files or self._folders)

    def _changed(self, files: Mapping[str, Filed]) -> set[str]:
        """Every folder above a file that came, went or changed between the two commits."""
        if files is self._now:
            return set()
        moved = {path for path, one in self._now.items() if path not in files or files[path].stored != one.stored}
        moved |= files.keys() - self._now.keys()
        return {path[:at] for path in moved for at, letter in enumerate(path) if letter == "/"}
