"""What `nix derivation show` prints (`nix show-derivation` before 2.15), in the layouts of all versions.

They differ in small things, so each is told by what is there, not by a version: paths with or without the store's
folder, inputs by two names or under `inputs`, methods within or beside the algorithm, structured attributes as a
text of the environment or as an object. A fixed output without a path (layout 4) gets the one that follows from
its hash.
"""

import base64
import binascii
import re
from typing import Any

import msgspec

from pipelines.errors import BadInput
from pipelines.nix import store_paths
from pipelines.nix.aterm import check
from pipelines.nix.derivation import IMPURE, Derivation, Output

_METHODS = {"flat": "", "nar": "r:", "recursive": "r:", "text": "text:", "git": "git:"}
"""Method -> what stands before the algorithm in a derivation's file."""
_HEX = re.compile("[0-9a-f]{32,128}")


def is_one(value: Any) -> bool:
    """Whether a JSON value looks like a derivation of any layout."""
    return (
        isinstance(value, dict)
        and {"outputs", "builder", "args", "env"} <= value.keys()
        and bool({"inputs", "inputDrvs"} & value.keys())
    )


def entries(document: Any) -> dict[str, Any]:
    """The derivations of a document by their path or name, not looked at. Raises BadInput if it is no such document."""
    if isinstance(document, dict) and isinstance(document.get("derivations"), dict):
        document = document["derivations"]
    if not isinstance(document, dict):
        raise BadInput("the document is no object of derivations: send what `nix derivation show` prints.")
    return document


def derivation(path: str, value: Any) -> Derivation:
    """The derivation of one entry. Raises BadInput with what is wrong in it."""
    where = store_paths.whole(path)
    store, _, name = store_paths.split_drv(where)
    told = _object(value, "the derivation")
    env = {key: _text(one, "env") for key, one in _object(told.get("env"), "env").items()}
    structured = told.get("structuredAttrs")
    if structured is not None:
        # As the file holds it: sorted, without spaces.
        env["__json"] = msgspec.json.encode(_object(structured, "structuredAttrs"), order="sorted").decode()
    inputs = told.get("inputs")
    if inputs is not None:
        drvs, sources = _object(inputs, "inputs").get("drvs"), inputs.get("srcs")
    else:
        drvs, sources = told.get("inputDrvs"), told.get("inputSrcs")
    outputs = _object(told.get("outputs"), "outputs")
    found = Derivation(
        path=where,
        outputs={key: _output(name, key, one, store) for key, one in outputs.items()},
        input_drvs={
            store_paths.whole(drv, store): _used(used) for drv, used in _object(drvs, "inputDrvs").items()
        },
        input_srcs=tuple(store_paths.whole(one, store) for one in _texts(sources, "inputSrcs")),
        # Nix 2.3 and before wrote `platform`.
        system=_text(told.get("system", told.get("platform")), "system"),
        builder=_text(told.get("builder"), "builder"),
        args=tuple(_texts(told.get("args"), "args")),
        env=env,
    )
    check(found)
    return found


def _used(value: Any) -> tuple[str, ...]:
    """Names of an input's outputs: a list, or since 2.18 a list beside outputs of outputs."""
    if isinstance(value, dict):
        if value.get("dynamicOutputs"):
            raise BadInput("an input with dynamic outputs: such derivations are not read.")
        value = value.get("outputs")
    return tuple(_texts(value, "outputs of an input"))


def _output(name: str, output: str, value: Any, store: str) -> Output:
    told = _object(value, "an output")
    path, algorithm, known = told.get("path"), told.get("hashAlgo"), told.get("hash")
    if path is not None:
        path = store_paths.whole(_text(path, "path"), store)
    digest = "" if known is None else _text(known, "hash")
    if "-" in digest:
        algorithm, digest = _from_sri(digest)
    elif digest and not _HEX.fullmatch(digest):
        raise BadInput(f"hash is {digest[:80]!r}, neither hexadecimal nor SRI.")
    if algorithm is None:
        return Output(path)
    algorithm = _text(algorithm, "hashAlgo")
    if "method" in told:
        method = _text(told["method"], "method")
        if method not in _METHODS:
            raise BadInput(f"method is {method[:40]!r}, not one of {', '.join(_METHODS)}.")
        algorithm = _METHODS[method] + algorithm
    if told.get("impure") is True:
        return Output(None, algorithm, IMPURE)
    if digest and path is None:
        path = store_paths.fixed_path(name, output, algorithm, digest, store)
    return Output(path, algorithm, digest)


def _from_sri(text: str) -> tuple[str, str]:
    """Algorithm and hexadecimal digits of a hash such as `sha256-…=`."""
    algorithm, _, digits = text.partition("-")
    try:
        digest = base64.b64decode(digits, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != store_paths.ALGORITHMS.get(algorithm, -1):
        raise BadInput(f"hash is {text[:80]!r}, no hash that Nix knows.")
    return algorithm, digest.hex()


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput(f"{what} is no object.")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise BadInput(f"{what} is no text.")
    return value


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value, list):
        raise BadInput(f"{what} is no list.")
    return [_text(one, what) for one in value]
