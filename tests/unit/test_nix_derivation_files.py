"""Derivations as files and as JSON of every layout: each gives the same derivation, and it goes back to the byte."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadInput
from pipelines.nix import aterm, derivation_json, store_paths
from pipelines.nix.derivation import IMPURE, Derivation, Output

RECORDED = Path(__file__).parent.parent / "data" / "nix-recorded"
FILES = sorted((RECORDED / "drv").glob("*.drv"))
DOCUMENTS = sorted((RECORDED / "store").glob("show-derivation-*.json"))
STORE = "/nix/store/"
LAYOUTS = (1, 2, 3, 4)
A = f"{STORE}{'0' * 31}1-a-1.drv"
B = f"{STORE}{'0' * 31}2-b-1.drv"
PLAIN = f'Derive([("out","","","")],[("{B}",["out"])],[],"builtin","/bin/sh",["-c"],[("x","y")])'.encode()


def shown() -> dict[str, Any]:
    """Every derivation that Nix printed as JSON in the recording."""
    return {path: value for file in DOCUMENTS for path, value in json.loads(file.read_bytes()).items()}


def _short(path: str) -> str:
    return path.removeprefix(STORE)


def in_layout(value: dict[str, Any], layout: int) -> dict[str, Any]:
    """A derivation of layout 1 as a newer Nix would print it."""
    told = json.loads(json.dumps(value))
    if "__json" in told["env"] and layout >= 2:
        told["structuredAttrs"] = json.loads(told["env"].pop("__json"))
    for output in told["outputs"].values():
        if "hashAlgo" in output and layout >= 2:
            method, _, output["hashAlgo"] = output["hashAlgo"].rpartition(":")
            output["method"] = "nar" if method == "r" else "flat"
        if layout >= 3 and "path" in output:
            output["path"] = _short(output["path"])
        if layout == 4 and "hash" in output:
            digest = bytes.fromhex(output["hash"])
            output["hash"] = f"{output.pop('hashAlgo')}-{base64.b64encode(digest).decode()}"
            del output["path"]
    drvs, sources = told.pop("inputDrvs"), told.pop("inputSrcs")
    if layout >= 2:
        drvs = {drv: {"dynamicOutputs": {}, "outputs": outputs} for drv, outputs in drvs.items()}
    if layout >= 3:
        drvs, sources = {_short(drv): one for drv, one in drvs.items()}, [_short(one) for one in sources]
        told["version"] = layout
    return told | (
        {"inputs": {"drvs": drvs, "srcs": sources}}
        if layout == 4
        else {"inputDrvs": drvs, "inputSrcs": sources}
    )


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name[33:])
def test_a_file_is_read_and_written_to_the_byte(file: Path) -> None:
    found = aterm.parse(file.read_bytes(), STORE + file.name)
    assert found.name == file.stem[33:]
    assert aterm.write(found) == file.read_bytes()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_json_of_every_layout_is_the_derivation_of_its_file(layout: int) -> None:
    told = shown()
    files = {STORE + file.name: file for file in FILES}
    assert len(told) == 8
    assert told.keys() <= files.keys()
    for path, value in told.items():
        document: dict[str, Any] = {
            (_short(path) if layout >= 3 else path): in_layout(value, layout) if layout > 1 else value
        }
        if layout == 4:
            document = {"version": 4, "derivations": document}
        ((name, one),) = derivation_json.entries(document).items()
        assert derivation_json.is_one(one)
        assert derivation_json.derivation(name, one) == aterm.parse(files[path].read_bytes(), path)


def test_the_path_of_a_fixed_output_follows_from_its_hash() -> None:
    flat = "6667b2d1aab6a00caa5aee5af8ad9f1465e567abf1c209d15727d57b3e8f6e5f"
    recorded = f"{STORE}87xkm0nnwmz5qmkqm5s2nfa5bi200f0l-data-good"
    assert store_paths.fixed_path("data-good", "out", "sha256", flat) == recorded
    nar = store_paths.decode32("1bsadkv09jb3raxyaiia8cf660bdx3harmx9mp08di2fi152xx4x", 32).hex()
    recorded = f"{STORE}znzcj3dq2p5sdvd79xwfdmzbf1l04q4w-ca-root-1.0"
    assert store_paths.fixed_path("ca-root-1.0", "out", "r:sha256", nar) == recorded
    with pytest.raises(BadInput, match="no hash of the algorithm"):
        store_paths.fixed_path("a", "out", "sha256", "00")


def test_a_hash_in_base_32_is_the_hash_in_base_64() -> None:
    narinfo = "1alazrhkhy3l6aadszvgkz641yicjwxkprx03l1ypzq6w9cd9h4y"
    digest = base64.b64decode("nsDUWOIG/+sDHaDnOzuXLPpAzJ9vf92UMnR4OGH+iqo=")
    assert store_paths.decode32(narinfo, 32) == digest
    assert store_paths.encode32(digest) == narinfo
    for wrong in (narinfo[:-1], "e" * 52, "z" * 52):
        with pytest.raises(ValueError, match=r"base 32|more than"):
            store_paths.decode32(wrong, 32)


def test_bytes_that_are_no_text_survive() -> None:
    content = PLAIN.replace(b'"y"', b'"\xff\xfe\\n\\t\\r\\\\\\"\xc3\xbc"')
    found = aterm.parse(content, A)
    assert found.env["x"] == '\udcff\udcfe\n\t\r\\"ü'
    assert aterm.write(found) == content


def test_what_is_no_derivation_is_refused_with_the_byte() -> None:
    refused = {
        PLAIN[:-1]: "byte .*, not '\\)'",
        PLAIN + b"\n": "not the end",
        PLAIN.replace(b"[],", b"[", 1): "not",
        b"Derive [": "byte 0 .*, not 'Derive\\('",
        b'DrvWithVersion("xp-dyn-drv",': "dynamic inputs",
        PLAIN.replace(b'("x","y")', b'("x","y"),("x","z")'): "twice",
        PLAIN.replace(b'"builtin"', b'""'): "no output or no system",
        PLAIN.replace(b'[("out","","","")]', b"[]"): "no output or no system",
        PLAIN.replace(b'("out","","","")', b'("out","/etc/passwd","","")'): "no path of a store",
        PLAIN.replace(b'("out","","","")', b'("../x","","","")'): "no name of an output",
        PLAIN.replace(B.encode(), A.encode()): "needs itself",
        PLAIN.replace(b'["out"]', b"[]"): "uses no output",
        PLAIN.replace(b'["out"]', b'["out","out"]'): "or one twice",
        PLAIN.replace(b"b-1.drv", b"b-1"): "no path of a derivation",
        PLAIN.replace(b'"y")', b'"y\\"): '): "not",
    }
    for content, reason in refused.items():
        with pytest.raises(BadInput, match=reason):
            aterm.parse(content, A)
    with pytest.raises(BadInput, match="no path of a derivation"):
        aterm.parse(PLAIN, A.removesuffix(".drv"))


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aterm, "MAX_BYTES", len(PLAIN) - 1)
    with pytest.raises(BadInput, match="larger than"):
        aterm.parse(PLAIN, A)


def test_json_that_is_no_derivation_is_refused_with_the_reason() -> None:
    good = in_layout(shown()[f"{STORE}1176w94a3p3knp9is63yx0hhc63bl40x-data-good.drv"], 2)
    out = good["outputs"]["out"]
    wrong: dict[str, Any] = {
        "the derivation is no object": [],
        "env is no object": good | {"env": None},
        "env is no text": good | {"env": {"x": 1}},
        "system is no text": {key: value for key, value in good.items() if key != "system"},
        "args is no list": good | {"args": "x"},
        "structuredAttrs is no object": good | {"structuredAttrs": []},
        "neither hexadecimal": good | {"outputs": {"out": out | {"hash": "zz"}}},
        "no hash that Nix knows": good | {"outputs": {"out": out | {"hash": "sha256-AAAA"}}},
        "method is 'x'": good | {"outputs": {"out": out | {"method": "x"}}},
        "no path of a store": good | {"inputSrcs": ["../x"]},
        "dynamic outputs": good | {"inputDrvs": {B: {"outputs": [], "dynamicOutputs": {"out": {}}}}},
        "no path of a derivation": good | {"inputDrvs": {B.removesuffix(".drv"): ["out"]}},
    }
    for reason, value in wrong.items():
        with pytest.raises(BadInput, match=reason):
            derivation_json.derivation(A, value)
    with pytest.raises(BadInput, match="no object of derivations"):
        derivation_json.entries([good])
    with pytest.raises(BadInput, match="no path of a store"):
        derivation_json.derivation("/etc/passwd", good)


def test_old_and_impure_derivations() -> None:
    value = shown()[f"{STORE}kz0rd75l45pwr3hznhmsnjf30mwjr9dc-ca-root-1.0.drv"]
    platform = {key: one for key, one in value.items() if key != "system"} | {"platform": "x86_64-linux"}
    assert derivation_json.derivation(A, platform).system == "x86_64-linux"
    impure = derivation_json.derivation(
        A, value | {"outputs": {"out": {"hashAlgo": "r:sha256", "impure": True}}}
    )
    assert impure.outputs == {"out": Output(None, "r:sha256", IMPURE)}
    assert not impure.is_fixed_output
    assert aterm.parse(aterm.write(impure), A) == impure
    assert isinstance(impure, Derivation)
