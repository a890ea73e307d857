"""The one place that knows numba: how kernels are compiled, cached and, when asked, run as plain Python.

`entry` compiles a kernel for one declared signature and keeps the machine code in a folder whose name is a
hash of all kernel sources, the numba version and the bounds-checking switch. Numba's own cache looks only at
the file of the entry itself, so after an edit to a helper in another file it would go on running the old
helper. `leaf` marks the helpers: they are compiled into the entries that call them and need no cache of their
own.

With NUMBA_DISABLE_JIT=1 everything here runs as Python; with NUMBA_BOUNDSCHECK=1 every index is checked.
Where kernels are cached: `$WORKBENCH_CACHE_DIR`, else `$XDG_CACHE_HOME/workbench`, else `~/.cache/workbench`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core import config as numba_config
from numba.core.codegen import JITCodeLibrary
from numba.core.cpu import CPUContext
from numba.core.extending import infer_getattr, intrinsic, lower_getattr_generic, models, register_model
from numba.core.typing.templates import AttributeTemplate

Function = TypeVar("Function", bound=Callable[..., Any])

config: Any = numba_config
njit: Any = numba.njit
NumbaError: Any = numba.core.errors.NumbaError
# Numba's types do not know the options and constructors of its own extension interface.

COMPILED = not config.DISABLE_JIT
"""False when kernels run as plain Python."""

int64: Any = np.int64
"""Widens a field of a record, so that helpers are compiled for one integer type and Python does not
overflow.
"""

_VOCABULARY = "domain"
_ROOMS_OF = {
    "feed": frozenset({"feed"}),
    "projections": frozenset({"matching", "risk", "ledger", "journal", "feed", "projections"}),
    "analytics": frozenset({"analytics"}),
    "studies": frozenset({"studies", "ledger"}),
}
"""Rooms whose kernels those of a room may call (the studies' call the exchange by its address); other rooms
may call all but `_NEVER_CALLED`.
"""
_NEVER_CALLED = frozenset({"projections", "analytics", "studies"})
"""Rooms whose kernels no other room calls."""
_KERNEL_MARK = b"from workbench.jit import"
_MASK64 = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MURMUR = 0xFF51AFD7ED558CCD


@cache
def cache_folder(room: str = "engine") -> Path:
    """Where a room's compiled kernels live: those of exactly these sources of it and of the rooms below."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{numba.__version__} {np.__version__} {sys.version} {config.BOUNDSCHECK}".encode())
    package = Path(__file__).parent
    for source in sorted(package.rglob("*.py")):
        text = source.read_bytes()
        # Kernels take their constants and record layouts from the vocabulary, and everything else from one
        # another.
        named = source.relative_to(package).parts[0]
        below = named in _ROOMS_OF[room] if room in _ROOMS_OF else named not in _NEVER_CALLED
        kernel = below and _KERNEL_MARK in text
        if kernel or source.parent.name == _VOCABULARY or source == Path(__file__):
            digest.update(source.relative_to(package).as_posix().encode())
            digest.update(text)
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    root = os.environ.get("WORKBENCH_CACHE_DIR") or Path(home) / "workbench"
    return Path(root) / f"kernels-{digest.hexdigest()}"


def _room(function: Function) -> str:
    """The room of a kernel: its package in ours, or the engine's for a kernel of somebody else."""
    package, _, rest = function.__module__.partition(".")
    room = rest.partition(".")[0]
    return room if package == "workbench" and room in _ROOMS_OF else "engine"


@cache
def _can_cache(folder: Path) -> bool:
    """Whether compiled kernels can be kept; where they cannot, that is said once.

    Numba would go on without a word and keep them beside the sources, where it does not see edits.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return True
    except OSError as reason:
        warnings.warn(
            f"kernels are compiled anew at each start, for {folder} cannot be written ({reason.strerror}); "
            "set WORKBENCH_CACHE_DIR to a folder that can be",
            stacklevel=2,
        )
        return False


def leaf(function: Function) -> Function:
    """Compile `function` into the kernels that call it; compiled, it cannot be called from Python."""
    return _helper(function, inlined=False)


def hot(function: Function) -> Function:
    """A `leaf` on the way of every command: its code is put where it is called, which compiles slower."""
    return _helper(function, inlined=True)


def _helper(function: Function, *, inlined: bool) -> Function:
    if not COMPILED:
        return function
    # Without numba's run-time no references are counted, which costs more than all the rest of a helper,
    # and nothing can be allocated.
    helper = njit(
        error_model="numpy",
        nogil=True,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        _nrt=False,
        forceinline=inlined,
    )(function)
    resolve = helper.get_call_template

    # Numba would compile a helper anew for each constant it is called with: twice the code and twice the
    # wait.
    def resolve_without_constants(arguments: Any, keywords: Any) -> Any:
        return resolve(tuple(types.unliteral(argument) for argument in arguments), keywords)

    helper.get_call_template = resolve_without_constants
    compile_helper = helper.compile

    def compile_as_a_part(signature: Any) -> Any:
        with _Parts():
            return compile_helper(signature)

    helper.compile = compile_as_a_part
    return helper


class _Parts:
    """While a helper is compiled: numba makes it neither fast nor executable, only ready for linking.

    It would do both for every helper with all that it calls, at each level of calls anew, which takes longer
    than all the rest; and nothing runs a helper but the entries that it is linked into, which are optimised
    as a whole.
    """

    depth = 0

    def __enter__(self) -> None:
        _Parts.depth += 1

    def __exit__(self, *_: object) -> None:
        _Parts.depth -= 1

    @staticmethod
    def leave_out(owner: Any, name: str, instead: Callable[[Any], Any]) -> None:
        """Have a step of numba's compiler do `instead` for parts."""
        step = getattr(owner, name)

        def do_step(compiler: Any, *arguments: Any) -> Any:
            return instead(compiler) if _Parts.depth else step(compiler, *arguments)

        setattr(owner, name, do_step)


def _finish_part(library: Any) -> None:
    library._finalize_dynamic_globals()  # noqa: SLF001
    library._verify_declare_only_symbols()  # noqa: SLF001
    library._finalized = True  # noqa: SLF001


if COMPILED:
    _Parts.leave_out(JITCodeLibrary, "_optimize_final_module", lambda _: None)
    _Parts.leave_out(JITCodeLibrary, "_finalize_final_module", _finish_part)
    # Where the machine code would be, some callable of which each helper has its own.
    _Parts.leave_out(CPUContext, "get_executable", lambda _: [].append)


def entry(*arguments: Any) -> Callable[[Function], Function]:
    """Compile a kernel for arguments of these numba types, without the GIL, and cache it on disk."""

    def compile_entry(function: Function) -> Function:
        if not COMPILED:
            return function
        before = config.CACHE_DIR
        folder = cache_folder(_room(function))
        config.CACHE_DIR = str(folder)
        kernel = njit([arguments], cache=_can_cache(folder), error_model="numpy", nogil=True)
        try:
            return kernel(function)
        except Exception:  # noqa: BLE001 - whatever a damaged cache makes numba raise, the cure is the same
            shutil.rmtree(folder, ignore_errors=True)
            return kernel(function)
        finally:
            config.CACHE_DIR = before

    return compile_entry


def pointed(result: Any, *arguments: Any) -> Any:
    """A call of a function that is known by its address alone: `call(address_of(function), ...)`.

    What calls it is compiled without it: the exchange need not be compiled again into each kernel that drives
    it, nor a kernel for each function that somebody wants called in its loop.

    Parameters
    ----------
    result, arguments
        The numba types of the function's result and arguments.
    """
    if not COMPILED:
        return lambda function, *given: function(*given)

    def call(_: Any, *given: Any) -> Any:
        def generate(context: Any, builder: Any, __: Any, values: Any) -> Any:
            kind = context.call_conv.get_function_type(result, arguments)
            function = builder.inttoptr(values[0], kind.as_pointer())
            status, found = context.call_conv.call_function(builder, function, result, arguments, values[1:])
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return found

        return result(*given), generate

    # Numba reads the number of arguments off the function itself.
    names = ", ".join(f"a{i}" for i in range(len(arguments) + 1))
    scope: dict[str, Any] = {"call": call}
    exec(f"def pointed(typing, {names}):\n    return call(typing, {names})", scope)  # noqa: S102 - of numbers
    return intrinsic(scope["pointed"])


@cache
def address_of(kernel: Any) -> Any:
    """Where a compiled function of one signature begins; in plain Python the function itself."""
    if not COMPILED:
        return kernel
    (compiled,) = kernel.overloads.values()
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)


def array_of(dtype: Any) -> Any:
    """The numba type of a one-dimensional contiguous array of `dtype`."""
    return types.Array(numba.from_dtype(np.dtype(dtype)), 1, "C")


def tuple_of(dtypes: dict[str, Any], kind: Any) -> Any:
    """The numba type of a named tuple `kind` of such arrays, in the order of its fields."""
    named_tuple: Any = types.NamedTuple
    return named_tuple([array_of(dtypes[name]) for name in kind._fields], kind)


class _Reference(types.Type):
    """A pointer to a named tuple of arrays that lives in a calling kernel."""

    def __init__(self, target: types.NamedTuple) -> None:
        self.target = target
        super().__init__(name=f"Reference({target})")


@register_model(_Reference)
class _ReferenceModel(models.OpaqueModel):
    pass


@infer_getattr
class _ReferenceAttributes(AttributeTemplate):
    key = _Reference

    def generic_resolve(self, reference: Any, name: str) -> Any:  # type: ignore[override]
        fields = reference.target.fields
        return reference.target.types[fields.index(name)] if name in fields else None


@lower_getattr_generic(_Reference)
def _load_field(context: Any, builder: Any, reference: _Reference, pointer: Any, name: str) -> Any:
    typed = builder.bitcast(pointer, context.get_value_type(reference.target).as_pointer())
    return builder.load(cgutils.gep_inbounds(builder, typed, 0, reference.target.fields.index(name)))


@intrinsic
def _point_to(_: Any, arrays: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tuple_type = signature.args[0]
        place = cgutils.alloca_once(builder, context.get_value_type(tuple_type))
        for i, array_type in enumerate(tuple_type.types):
            array = context.make_array(array_type)(context, builder, builder.extract_value(arguments[0], i))
            # Without an owner numba counts no references; the caller of the kernel holds the arrays.
            array.meminfo = array.meminfo.type(None)
            array.parent = array.parent.type(None)
            builder.store(array._getvalue(), cgutils.gep_inbounds(builder, place, 0, i))  # noqa: SLF001
        return builder.bitcast(place, cgutils.voidptr_t)

    return _Reference(arrays)(arrays), generate


def by_reference(arrays: Any) -> Any:
    """A named tuple of arrays as one pointer, which helpers take instead of a hundred words.

    Only for entries: it is valid until the kernel that calls this returns. Its fields are read as the tuple's
    are.
    """
    return arrays


if COMPILED:
    by_reference = cast("Any", _point_to)


_CACHE_LINE_BYTES = 64


@intrinsic
def _prefetch(_: Any, array: Any, index: Any, line: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        data = context.make_array(array_type)(context, builder, arguments[0]).data
        record = builder.bitcast(builder.gep(data, [arguments[1]]), cgutils.voidptr_t)
        address = builder.gep(record, [builder.mul(arguments[2], arguments[2].type(_CACHE_LINE_BYTES))])
        word = ir.IntType(32)
        hint = builder.module.declare_intrinsic(
            "llvm.prefetch",
            (cgutils.voidptr_t,),
            ir.FunctionType(ir.VoidType(), (cgutils.voidptr_t, word, word, word)),
        )
        # For writing, to be kept in all caches, data rather than code.
        builder.call(hint, [address, word(1), word(3), word(1)])
        return context.get_dummy_value()

    return types.none(array, index, line), generate


def prefetch(array: Any, index: int, line: int) -> None:
    """Ask the processor to have a cache line of a record at hand soon; a hint, whatever the index."""


if COMPILED:
    prefetch = cast("Any", _prefetch)


def _scan(name: str) -> Any:
    @intrinsic
    def scan(_: Any, word: Any) -> Any:
        def generate(__: Any, builder: Any, ___: Any, arguments: Any) -> Any:
            return getattr(builder, name)(arguments[0], ir.Constant(ir.IntType(1), 0))

        return types.int64(word), generate

    return scan


if COMPILED:
    _cttz = _scan("cttz")
    _ctlz = _scan("ctlz")

    @leaf
    def lowest_bit(word: Any) -> int:
        """Position of the lowest set bit of a uint64 that is not 0."""
        return _cttz(word)

    @leaf
    def highest_bit(word: Any) -> int:
        """Position of the highest set bit of a uint64 that is not 0."""
        return 63 - _ctlz(word)

    @leaf
    def hash31(key: int, salt: int) -> int:
        """31 well-mixed bits of a key and a salt."""
        mixed = (np.uint64(key) + np.uint64(salt) * np.uint64(_MURMUR)) * np.uint64(_GOLDEN)
        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(_MURMUR)
        return int64(mixed >> np.uint64(33))

else:

    def lowest_bit(word: Any) -> int:
        """Position of the lowest set bit of a uint64 that is not 0."""
        return (int(word) & -int(word)).bit_length() - 1

    def highest_bit(word: Any) -> int:
        """Position of the highest set bit of a uint64 that is not 0."""
        return int(word).bit_length() - 1

    def hash31(key: int, salt: int) -> int:
        """31 well-mixed bits of a key and a salt."""
        mixed = ((int(key) + int(salt) * _MURMUR) * _GOLDEN) & _MASK64
        mixed = ((mixed ^ (mixed >> 32)) * _MURMUR) & _MASK64
        return mixed >> 33
