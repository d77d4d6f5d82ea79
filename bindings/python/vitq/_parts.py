# SPDX-License-Identifier: Apache-2.0
"""A folder of Parquet files that grows by whole files. Each path has one row in it, whatever breaks off when."""

import fcntl
import os
from pathlib import Path

import pyarrow
import pyarrow.parquet

from ._errors import ArgumentError


class Parts:
    """The folder, which is this process's alone until it is closed. `paths` have rows in it."""

    def __init__(self, folder, schema):
        self._folder, self._schema = Path(folder), schema
        self._folder.mkdir(parents=True, exist_ok=True)
        # NFS locks only files that are open for writing.
        self._lock = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.paths = self._read_paths()
        except BlockingIOError:
            os.close(self._lock)
            raise ArgumentError(f"{folder}: another job writes into this folder") from None
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._lock)

    def write(self, table):
        """Adds the rows whose paths have none yet, in a file of their own. Answers what was added."""
        new, fresh = set(), []
        for path in table["path"].to_pylist():
            fresh.append(path not in self.paths and path not in new)
            new.add(path)
        table = table.filter(pyarrow.array(fresh, pyarrow.bool_()))
        table = table.select(self._schema.names).cast(self._schema)
        if table.num_rows == 0:
            return table
        file = self._folder / f"part-{self._next:06}.parquet"
        unfinished = file.with_name(f".{file.name}.unfinished")  # readers of Parquet take no hidden files
        with open(unfinished, "wb") as stream:
            pyarrow.parquet.write_table(table, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, file)
        self._next += 1
        self.paths |= new
        return table

    def _read_paths(self):
        paths, self._next = set(), 0
        for file in sorted(self._folder.glob("part-*.parquet")):
            if (pyarrow.parquet.read_schema(file).metadata or {}).get(b"vitq") != self._schema.metadata[b"vitq"]:
                raise ArgumentError(f"{file}: found the answers of another model or question; take another folder")
            paths.update(pyarrow.parquet.read_table(file, columns=["path"])["path"].to_pylist())
            self._next = max(self._next, int(file.stem.removeprefix("part-")) + 1)
        return paths
