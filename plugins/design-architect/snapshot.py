"""What makes the built file smaller: componentize-py loads the agent and writes down Python's memory as it then is. Import
this first and call `shrink` last."""

import gc
import sys
from types import ModuleType


def _empty(name: str, **attributes: object) -> None:
    """A module that has no more than these."""
    module = ModuleType(name)
    vars(module).update(attributes)
    sys.modules[name] = module


# componentize-py 0.25 loads its support for asynchronous functions always, and asyncio, sockets and processes with it. The
# contract has no asynchronous function: what the loader asks these modules for is enough.
_empty("componentize_py_async_support", callback=None, __path__=[])
_empty("componentize_py_async_support.streams", ByteStreamReader=None, StreamReader=None)
_empty("componentize_py_async_support.futures", FutureReader=None)


def shrink() -> None:
    """Overwrites the memory that is free with zeros, which the file leaves out.

    Blocks are taken, the largest first, as long as they come out of holes, below the end of what was in use; a `bytes` is
    its own memory, so that its `id` says where it lies.
    """
    import os, random, weakref  # noqa: E401, F401 - what the loader loads after the agent leaves no more holes

    gc.collect()
    end = id(bytes(1 << 20))
    taken = []
    for bits in range(19, 9, -1):
        size = (1 << bits) - sys.getsizeof(b"")
        while id(block := bytes(size)) < end:
            taken.append(block)
