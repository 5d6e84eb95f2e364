"""Which importable names a pickle may carry: allowed, unknown (a person must look), dangerous.

An allowlist, since denylists are bypassable by construction (picklescan issue 66). The standard library is dangerous except
for plain data types; the frameworks are dangerous except for what their own save functions write; the rest is unknown.
"""

import sys
from enum import Enum


class Grade(Enum):
    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    DANGEROUS = "dangerous"


_ALLOWED: dict[str, frozenset[str]] = {
    "builtins": frozenset({
        "complex", "set", "frozenset", "bytearray", "bytes", "slice", "range", "object", "list", "dict", "tuple", "str",
        "int", "float", "bool", "Ellipsis", "NotImplemented",
    }),
    "collections": frozenset({"Counter", "OrderedDict", "defaultdict", "deque", "ChainMap", "UserDict", "UserList"}),
    "datetime": frozenset({"date", "datetime", "time", "timedelta", "timezone"}),
    "decimal": frozenset({"Decimal"}),
    "fractions": frozenset({"Fraction"}),
    "uuid": frozenset({"UUID", "SafeUUID"}),
    "pathlib": frozenset({"PurePath", "PurePosixPath", "PureWindowsPath", "PosixPath", "Path", "WindowsPath"}),
    "pathlib._local": frozenset({"PurePath", "PurePosixPath", "PureWindowsPath", "PosixPath", "Path", "WindowsPath"}),
    "types": frozenset({"SimpleNamespace"}),
    "argparse": frozenset({"Namespace"}),
    "array": frozenset({"array", "_array_reconstructor"}),
    "time": frozenset({"struct_time"}),
    "operator": frozenset({"itemgetter"}),
    "zoneinfo": frozenset({"ZoneInfo", "ZoneInfo._unpickle"}),
    "ipaddress": frozenset({"IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network"}),
    "copyreg": frozenset({"_reconstructor", "__newobj__", "__newobj_ex__"}),
    "_codecs": frozenset({"encode"}),
    "numpy": frozenset({
        "dtype", "ndarray", "bool_", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "longdouble", "complex64", "complex128", "str_", "bytes_", "object_", "datetime64",
        "timedelta64", "void", "intp", "uintp", "intc", "longlong", "matrix", "recarray", "generic", "number", "floating",
        "integer", "inexact", "signedinteger", "unsignedinteger",
    }),
    "numpy.dtypes": frozenset(),
    "numpy.core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy._core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy.core.numeric": frozenset({"_frombuffer"}),
    "numpy._core.numeric": frozenset({"_frombuffer"}),
    "numpy.core.records": frozenset({"recarray", "record"}),
    "numpy.rec": frozenset({"recarray"}),
    "numpy.ma.core": frozenset({"_mareconstruct", "MaskedArray"}),
    "numpy.random._pickle": frozenset({"__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"}),
    "numpy.random.bit_generator": frozenset({"SeedSequence", "SeedlessSeedSequence", "__pyx_unpickle_SeedSequence"}),
    "torch.jit._pickle": frozenset({"build_intlist", "build_tensorlist", "build_doublelist", "build_boollist", "build_tensor_from_id", "restore_type_tag"}),
    "numpy.random": frozenset({"RandomState", "Generator"}),
    "joblib.numpy_pickle": frozenset({"NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"}),
    "sklearn.externals.joblib.numpy_pickle": frozenset({"NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"}),
    "torch": frozenset({
        "Size", "device", "dtype", "Tensor", "Generator", "memory_format", "layout", "strided", "contiguous_format",
        "channels_last", "preserve_format", "sparse_coo", "sparse_csr", "per_tensor_affine", "per_channel_affine",
        "float", "float16", "float32", "float64", "half", "double", "bfloat16", "int", "int8", "int16", "int32", "int64",
        "uint8", "uint16", "uint32", "uint64", "long", "short", "bool", "complex32", "complex64", "complex128",
        "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "quint8", "qint8", "qint32",
        "quint4x2", "quint2x4",
    }),
    "torch.storage": frozenset({"UntypedStorage", "TypedStorage", "_LegacyStorage"}),
    "torch.nn.parameter": frozenset({"Parameter", "Buffer", "UninitializedParameter"}),
    "torch._tensor": frozenset({"_rebuild_from_type_v2", "Tensor"}),
    "torch.serialization": frozenset({"_get_layout"}),
    "torch.torch_version": frozenset({"TorchVersion"}),
    "torch.nn.utils.rnn": frozenset({"PackedSequence"}),
    "scipy.sparse._csr": frozenset({"csr_matrix", "csr_array"}),
    "scipy.sparse._csc": frozenset({"csc_matrix", "csc_array"}),
    "scipy.sparse._coo": frozenset({"coo_matrix", "coo_array"}),
    "scipy.sparse.csr": frozenset({"csr_matrix"}),
    "scipy.sparse.csc": frozenset({"csc_matrix"}),
    "sklearn.metrics._dist_metrics": frozenset({"newObj"}),
    "sklearn.neighbors._kd_tree": frozenset({"newObj"}),
    "sklearn.neighbors._ball_tree": frozenset({"newObj"}),
    "sklearn.utils._bunch": frozenset({"Bunch"}),
    "pandas._libs.internals": frozenset({"_unpickle_block"}),
    "pandas.core.internals.managers": frozenset({"SingleBlockManager", "BlockManager"}),
    "pandas.core.frame": frozenset({"DataFrame"}),
    "pandas.core.series": frozenset({"Series"}),
    "pandas.core.indexes.base": frozenset({"_new_Index", "Index"}),
    "pandas.core.indexes.range": frozenset({"RangeIndex"}),
}  # fmt: skip

# Modules of frameworks whose CamelCase names are plain classes that save functions write by their name.
_CLASSES = ("sklearn.", "scipy.stats.", "torch.nn.modules.", "torch.optim.", "numpy.dtypes", "numpy.random._")
_CLASSES_EXACT = frozenset({"scipy.stats._distn_infrastructure"})

# Packages that can run anything, or whose functions do: what is not allowed above is dangerous here.
_FRAMEWORKS = frozenset(
    {
        "torch",
        "torchvision",
        "numpy",
        "scipy",
        "sklearn",
        "joblib",
        "pandas",
        "tensorflow",
        "keras",
        "jax",
        "onnx",
        "fickling",
    }
)
_HANDS = frozenset(
    {
        "pip", "setuptools", "pkg_resources", "dill", "cloudpickle", "jsonpickle", "cffi", "numba", "sh", "plumbum", "fabric",
        "invoke", "paramiko", "pexpect", "psutil", "requests", "urllib3", "httpx", "aiohttp", "IPython", "ipykernel", "pytest",
        "py", "nt", "posix", "__builtin__", "commands", "popen2", "cPickle", "copy_reg", "urllib2", "httplib", "nose", "gevent",
        "werkzeug", "jinja2", "mako", "django", "celery", "kombu", "yaml", "lib2to3", "distutils", "idlelib", "imp", "wheel",
        "bdb", "test", "asyncore", "asynchat", "smtpd", "telnetlib", "pipes", "crypt", "nis", "uu", "cgi", "cgitb", "hypothesis",
    }
)  # fmt: skip
_ALIASES = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "UserDict": "collections",
    "numpy.core._multiarray_umath": "numpy.core.multiarray",
}


def grade(module: str, name: str) -> Grade:
    """How far (module, name) may be trusted. Names with dots are graded whole: an allowed class does not vouch for its parts."""
    module = _ALIASES.get(module, module)
    if name in _ALLOWED.get(module, frozenset()):
        return Grade.ALLOWED
    if "." in name or not name.isidentifier():
        return _dotted(module, name)
    if _is_framework_class(module, name) or _is_torch_record(module, name):
        return Grade.ALLOWED
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top in _HANDS or not _well_formed(module):
        return Grade.DANGEROUS
    if top in _FRAMEWORKS:
        return Grade.UNKNOWN if _camel(name) and not _has_hands(module) else Grade.DANGEROUS
    return Grade.UNKNOWN


def _dotted(module: str, name: str) -> Grade:
    """`Outer.Inner` of an unknown package may be a nested class; of anything else, a way around the allowlist."""
    parts = name.split(".")
    top = module.partition(".")[0]
    known = top in sys.stdlib_module_names or top in _HANDS or top in _FRAMEWORKS or module in _ALLOWED
    return Grade.DANGEROUS if known or not all(map(_camel, parts)) else Grade.UNKNOWN


def _well_formed(module: str) -> bool:
    return bool(module) and all(part.isidentifier() for part in module.split("."))


def _camel(name: str) -> bool:
    return name.lstrip("_")[:1].isupper() and name.isidentifier()


def _is_framework_class(module: str, name: str) -> bool:
    if not _camel(name) or not _well_formed(module) or _has_hands(module):
        return False
    return module.startswith(_CLASSES) or module in _CLASSES_EXACT


def _has_hands(module: str) -> bool:
    """Corners of the frameworks whose classes load, fetch or run on construction."""
    corners = (
        "testing",
        "hub",
        "datasets",
        "_private",
        "distributed",
        "utils",
        "f2py",
        "distutils",
        "multiprocessing",
        "jit",
        "fx",
        "package",
        "export",
        "_dynamo",
        "_inductor",
    )
    return any(part in corners for part in module.split(".")[1:]) and not module.startswith(
        ("sklearn.utils._bunch", "sklearn.utils._tags", "sklearn.utils.deprecation")
    )


def _is_torch_record(module: str, name: str) -> bool:
    """What torch.save writes: storages, and rebuilders of tensors."""
    if module in ("torch", "torch.cuda") and name.endswith("Storage") and name.isidentifier():
        return True
    return module == "torch._utils" and name.startswith("_rebuild_") and name != "_rebuild_wrapper_subclass_from_code"
