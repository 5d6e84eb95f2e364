"""Bad files: each function gives the bytes of one defect. Registered by `case(name of the file)`."""

import base64
import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

CASES: dict[str, Callable[[], bytes]] = {}
REVIEWED: dict[str, Callable[[], bytes]] = {}

CALL = b"cos\ngetcwd\n)R."  # harmless if run, and a call of the operating system all the same


def case(
    name: str, into: dict[str, Callable[[], bytes]] = CASES
) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def register(make: Callable[[], bytes]) -> Callable[[], bytes]:
        into[name] = make
        return make

    return register


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


# -- pickles, by opcode

PICKLES = {
    "global_reduce.pkl": CALL,
    "stack_global.pkl": b"\x80\x04" + short("os") + short("getcwd") + b"\x93)R.",
    "stack_global_through_memo.pkl": b"\x80\x04" + short("os") + b"\x940" + short("getcwd") + b"\x940h\x00h\x01\x93)R.",
    "inst.pkl": b"(ios\ngetcwd\n.",
    "obj.pkl": b"(cos\ngetcwd\no.",
    "newobj.pkl": b"\x80\x02cos\ngetcwd\n)\x81.",
    "newobj_ex.pkl": b"\x80\x04cos\ngetcwd\n)}\x92.",
    "build_on_class.pkl": b"\x80\x02ccollections\nOrderedDict\n}X\x04\x00\x00\x00nameK\x01sb.",
    "build_setstate.pkl": b"\x80\x02ccollections\nOrderedDict\n)R}X\x0c\x00\x00\x00__setstate__cbuiltins\nprint\nsb.",
    "extension_one.pkl": b"\x80\x02\x82\x01)R.",
    "extension_four.pkl": b"\x80\x02\x84\x01\x00\x00\x00)R.",
    "builtins_exec.pkl": b"\x80\x04" + short("builtins") + short("exec") + b"\x93" + short("1") + b"\x85R.",
    "builtins_print.pkl": b"cbuiltins\nprint\n(S'x'\ntR.",
    "python_two_builtin.pkl": b"c__builtin__\neval\n(S'1'\ntR.",
    "getattr_chain.pkl": b"\x80\x04cbuiltins\ngetattr\ncbuiltins\nstr\n" + short("upper") + b"\x86R.",
    "dotted_attribute.pkl": b"\x80\x04" + short("collections") + short("OrderedDict.fromkeys") + b"\x93.",
    "unresolvable_name.pkl": b"\x80\x04" + short("os") + b"cbuiltins\nstr\n)R\x93)R.",
    "second_stream.pkl": b"\x80\x02K\x01." + CALL,
    "payload_then_invalid.pkl": CALL[:-1] + b"\xff\xff",
    "broken_tail.pkl": CALL[:-1],
    "truncated_string.pkl": b"\x80\x04X\xff\xff\xff\x7fabc",
    "nested_loads.pkl": b"\x80\x03cpickle\nloads\nC\x04\x80\x02K.\x85R.",
    "memo_bomb.pkl": b"\x80\x04N" + b"\x94h\x00\x86" + b"2\x86" * 300 + b".",
    "memo_missing.pkl": b"\x80\x02h\x07.",
    "calls_result.pkl": b"\x80\x02ccollections\nOrderedDict\n)R)R.",
    "numpy_runstring.pkl": b"cnumpy.testing._private.utils\nrunstring\n(S'1'\nN}tR.",
    "torch_load.pkl": b"ctorch\nload\n(S'x'\ntR.",
    "pip_main.pkl": b"cpip\nmain\n(lS'help'\natR.",
    "timeit.pkl": b"ctimeit\ntimeit\n(S'1'\ntR.",
    "subprocess_alias.pkl": b"\x80\x04" + short("subprocess") + short("Popen") + b"\x93" + short("true") + b"\x85R.",
    "functools_partial_chain.pkl": b"\x80\x04cfunctools\npartial\ncbuiltins\neval\n" + short("1") + b"\x86R.",
    "operator_attrgetter.pkl": b"coperator\nattrgetter\n(S'x'\ntR.",
}
CASES.update({name: (lambda content=content: content) for name, content in PICKLES.items()})  # type: ignore[misc]


@case("base64_in_stream.pkl")
def _marshal() -> bytes:
    return b"\x80\x03cmarshal\nloads\nC\x01N\x85R."


@case("model.safetensors")
def pickle_named_safetensors() -> bytes:
    return b"\x80\x04" + short("os") + short("getcwd") + b"\x93)R."


@case("protocol_zero_named.txt")
def protocol_zero() -> bytes:
    return b"cos\nsystem\n(S'true'\ntR."


# -- torch


def torch_zip(pickle: bytes, **extra: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle)
        archive.writestr("archive/version", "3\n")
        for name, content in extra.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@case("payload_in_zip.pt")
def torch_payload() -> bytes:
    return torch_zip(CALL)


@case("bad_crc.pt")
def torch_bad_crc() -> bytes:
    """The content no longer fits its checksum; PyTorch does not look."""
    return torch_zip(CALL).replace(b"cos\ngetcwd", b"cos\ngetcwx")


@case("encrypted_flag.pt")
def torch_encrypted_flag() -> bytes:
    raw = bytearray(torch_zip(CALL))
    raw[6] |= 1
    raw[raw.find(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


@case("prefixed.pt")
def torch_prefixed() -> bytes:
    return b"#!/bin/true\n" + torch_zip(CALL)


@case("two_names.pt")
def torch_two_names() -> bytes:
    """data.pkl in the local header, data.txt in the directory."""
    raw = torch_zip(CALL)
    at = raw.rfind(b"archive/data.pkl")
    return raw[:at] + b"archive/data.txt" + raw[at + 16 :]


@case("bomb.pt")
def zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02K\x01.")
    raw = bytearray(buffer.getvalue())
    at = raw.find(b"PK\x01\x02")
    struct.pack_into("<I", raw, at + 24, 0xFFFFFFF0)
    return bytes(raw)


@case("legacy_tar.tar")
def torch_tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in (
            ("sys_info", b"\x80\x02}."),
            ("pickle", CALL),
            ("storages", b"\x80\x02K\x00."),
            ("tensors", b"\x80\x02K\x00."),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@case("legacy.pth")
def torch_legacy() -> bytes:
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    return magic + b"\x80\x02M\xe9\x03." + b"\x80\x02}." + b"\x80\x02" + CALL + b"\x80\x02]."


@case("seven_zip.pt")
def seven_zip() -> bytes:
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(64)


@case("nested_archives.zip")
def nested_archives() -> bytes:
    content = CALL
    for _ in range(3):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("inner.pkl" if content is CALL else "inner.zip", content)
        content = buffer.getvalue()
    return content


# -- joblib, numpy


@case("payload_plain.joblib")
def joblib_plain() -> bytes:
    return b"\x80\x04" + short("os") + short("getcwd") + b"\x93)R."


@case("payload_zlib.joblib")
def joblib_zlib() -> bytes:
    return zlib.compress(b"\x80\x04" + short("os") + short("getcwd") + b"\x93)R.")


@case("payload_gzip.pkl.gz")
def joblib_gzip() -> bytes:
    return gzip.compress(b"\x80\x04" + short("os") + short("getcwd") + b"\x93)R.")


def npy_of_objects(pickle: bytes) -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + pickle


@case("objects.npy")
def npy_objects() -> bytes:
    return npy_of_objects(CALL)


@case("objects.npz")
def npz_objects() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", npy_of_objects(CALL))
    return buffer.getvalue()


# -- keras, HDF5 (the HDF5 ones are made with h5py in the test), SavedModel, ONNX

LAMBDA = {
    "class_name": "Functional",
    "config": {
        "layers": [
            {
                "module": "keras.layers",
                "class_name": "Lambda",
                "config": {
                    "function": {"class_name": "__lambda__", "config": {"code": base64.b64encode(b"code").decode()}}
                },
            }
        ]
    },
}


def keras_file(config: object) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
    return buffer.getvalue()


@case("lambda.keras")
def keras_lambda() -> bytes:
    return keras_file(LAMBDA)


@case("lambda_nested.keras")
def keras_lambda_nested() -> bytes:
    return keras_file({"class_name": "TimeDistributed", "config": {"layer": LAMBDA}})


@case("foreign_module.keras")
def keras_module() -> bytes:
    return keras_file({"module": "builtins", "class_name": "exec", "config": {}, "registered_name": None})


def field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def saved_model(operator: str) -> bytes:
    node = field(1, b"node") + field(2, operator.encode())
    return b"\x08\x01" + field(2, field(2, field(1, node)))


@case("saved_model.pb")
def saved_model_read() -> bytes:
    return saved_model("ReadFile")


@case("writes/saved_model.pb")
def saved_model_write() -> bytes:
    node = field(1, b"node") + field(2, b"WriteFile")
    return b"\x08\x01" + field(2, field(2, field(2, field(1, field(3, node)))))


def onnx_external(location: str) -> bytes:
    entry = field(1, b"location") + field(2, location.encode())
    tensor = b"\x08\x04" + b"\x10\x01" + field(13, entry)
    return b"\x08\x08" + field(7, field(5, tensor))


@case("external_traversal.onnx")
def onnx_traversal() -> bytes:
    return onnx_external("../../../etc/passwd")


@case("external_absolute.onnx")
def onnx_absolute() -> bytes:
    return onnx_external("/etc/passwd")


# -- templates, configurations


@case("chat_template.jinja")
def template_class() -> bytes:
    return b"{{ ''.__class__.__mro__[1].__subclasses__() }}"


@case("split_dunder.jinja")
def template_split() -> bytes:
    return b"{{ messages | attr('__cl' ~ 'ass__') }}"


@case("tokenizer_config.json")
def template_in_tokenizer() -> bytes:
    return json.dumps({"chat_template": "{{ cycler['__in' + 'it__'].__globals__ }}"}).encode()


def gguf(keys: int = 0, tensors: int = 0, body: bytes = b"") -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, keys) + body


def gguf_text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


@case("template.gguf")
def template_in_gguf() -> bytes:
    pair = gguf_text("tokenizer.chat_template") + struct.pack("<I", 8) + gguf_text("{{ self.__init__.__globals__ }}")
    return gguf(keys=1, body=pair)


@case("counts_overflow.gguf")
def gguf_counts() -> bytes:
    return gguf(keys=1 << 61, tensors=1 << 63)


@case("dims_overflow.gguf")
def gguf_dims() -> bytes:
    tensor = gguf_text("w") + struct.pack("<IQQIQ", 2, 1 << 62, 8, 0, 0)
    return gguf(tensors=1, body=tensor)


@case("string_overflow.gguf")
def gguf_string() -> bytes:
    return gguf(keys=1, body=struct.pack("<Q", 1 << 63) + b"name")


@case("config.json")
def config_kernel() -> bytes:
    return json.dumps({"model_type": "llama", "_attn_implementation_internal": "someone/kernel"}).encode()


@case("remote/config.json")
def config_remote() -> bytes:
    return json.dumps({"model_type": "x", "auto_map": {"AutoModel": "someone/else--modeling.Net"}}).encode()


@case("model.safetensors.index.json")
def index_traversal() -> bytes:
    return json.dumps({"weight_map": {"w": "../../secret.safetensors"}}).encode()


# -- safetensors


def safetensors(header: bytes | dict[str, object], data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(start: int, stop: int, shape: list[int]) -> dict[str, object]:
    return {"dtype": "U8", "shape": shape, "data_offsets": [start, stop]}


@case("header_length.safetensors")
def safetensors_length() -> bytes:
    return struct.pack("<Q", 1 << 63) + b"{}"


@case("overlap.safetensors")
def safetensors_overlap() -> bytes:
    return safetensors({"a": tensor(0, 4, [4]), "b": tensor(2, 6, [4])}, bytes(6))


@case("hole.safetensors")
def safetensors_hole() -> bytes:
    return safetensors({"a": tensor(0, 4, [4]), "b": tensor(8, 12, [4])}, bytes(12))


@case("duplicate.safetensors")
def safetensors_duplicate() -> bytes:
    entry = json.dumps(tensor(0, 4, [4])).encode()
    return safetensors(b'{"a": ' + entry + b', "a": ' + entry + b"}", bytes(4))


@case("trailing.safetensors")
def safetensors_trailing() -> bytes:
    return safetensors({"a": tensor(0, 4, [4])}, bytes(4) + CALL)


@case("shape.safetensors")
def safetensors_shape() -> bytes:
    return safetensors({"a": tensor(0, 4, [400])}, bytes(4))


# -- what needs a person


@case("unknown_class.pkl", REVIEWED)
def unknown_class() -> bytes:
    return b"\x80\x02cmypackage.models\nNet\n)\x81."


@case("custom/config.json", REVIEWED)
def config_custom() -> bytes:
    return json.dumps({"model_type": "x", "auto_map": {"AutoModel": "modeling.Net"}}).encode()


@case("adapter_config.json", REVIEWED)
def adapter_of_another() -> bytes:
    return json.dumps({"peft_type": "LORA", "base_model_name_or_path": "someone/else"}).encode()


@case("path/adapter_config.json")
def adapter_of_a_path() -> bytes:
    return json.dumps({"peft_type": "LORA", "base_model_name_or_path": "../../other"}).encode()


@case("custom_operator.onnx", REVIEWED)
def onnx_custom() -> bytes:
    node = field(4, b"Mystery") + field(7, b"com.example.custom")
    return b"\x08\x08" + field(7, field(1, node))
