"""Valid inputs of every adapter of CI formats, small and with many kinds of records, for the fuzzer to break."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.ci_format import PREFIX
from pipelines.sources.ci.runs import Told

NIX = Path(__file__).parent.parent / "data" / "nix-recorded"
AT = datetime(2026, 3, 1, tzinfo=UTC)
TOLD = Told(source="https://ci.example.org/x", system="x86_64-linux", exit_code=0, file_at=AT)
SOURCE, COMMIT = "https://ci.example.org/unfree", "4" * 40


def _drv(name: str) -> str:
    return f"/nix/store/{len(name):032d}-{name}.drv"


def _lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _eval_jobs() -> list[bytes]:
    listed = [
        {
            "attr": f"python3Packages.p{n}",
            "attrPath": ["python3Packages", f"p{n}"],
            "name": f"p{n}-1.{n}",
            "system": "x86_64-linux",
            "drvPath": _drv(f"p{n}-1.{n}"),
            "outputs": {"out": None},
            "isCached": n == 1,
            "cacheStatus": ["notBuilt", "local", "cached"][n],
        }
        for n in range(3)
    ]
    refused = {
        "attr": "x.a",
        "attrPath": ["x", "a"],
        "error": "Package 'a' is marked as broken, refusing to evaluate.",
    }
    return [_lines(*listed, refused, {"attr": 'zigPackages."0.15"', "error": "error: attribute 'y' missing"})]


def _steps() -> list[dict[str, Any]]:
    evaluated = {"type": "EVAL", "success": True, "duration": 0.0, "error": None}
    failed = {"type": "BUILD", "success": False, "duration": 5123.4, "error": "build exited with 1"}
    return [
        {**evaluated, "attr": "torch", "drvPath": _drv("torch-2.8"), "cacheStatus": "notBuilt"},
        {**failed, "attr": "torch", "outputs": {"out": "/nix/store/x"}},
        {**evaluated, "attr": "gimp", "drvPath": _drv("gimp-3"), "cacheStatus": "local"},
        {**evaluated, "attr": "bad", "success": False, "error": "error: assertion failed"},
        {**failed, "type": "CACHIX", "attr": "gimp"},
    ]


def _junit() -> bytes:
    log = f"1 dependencies of derivation '{_drv('a-1')}' failed to build"
    failure = f'<failure message="build exited with 1" type="BuildFailure">{log}</failure>'
    cases = [
        f'<testcase classname="{step["type"].title()}" name="{step["attr"]}" time="0.5">'
        f"{'' if step['success'] else failure}</testcase>"
        for step in _steps()
    ]
    suite = ['<testsuite name="x" tests="5">', *cases, "</testsuite>"]
    return "\n".join(['<?xml version="1.0"?>', "<testsuites>", *suite, "</testsuites>", ""]).encode()


def _review() -> list[bytes]:
    lists = {
        kind: [{"name": f"{kind}-{n}", "aliases": ["x.y"]} for n in range(2)]
        for kind in ("blacklisted", "broken", "built", "failed", "non-existent", "tests")
    }
    report = {
        "checkout": "commit",
        "commit": COMMIT,
        "extra-nixpkgs-config": None,
        "pr": 7,
        "only_packages": [],
    }
    whole = {**report, "systems": ["x86_64-linux"], "result": {"x86_64-linux": lists}}
    return [_lines(whole), json.dumps(whole, indent=1).encode()]


def _github() -> list[bytes]:
    page = "https://github.com/example/ci/actions/runs/60001"
    jobs = [
        {
            "id": 70000 + n,
            "run_id": 60001,
            "run_attempt": 1,
            "workflow_name": "build",
            "name": f"torch{n} (x86_64-linux)",
            "head_sha": COMMIT,
            "status": "completed",
            "conclusion": conclusion,
            "created_at": "2025-03-01T00:05:00Z",
            "started_at": "2025-03-01T00:06:10Z",
            "completed_at": "2025-03-01T01:20:00Z",
            "steps": [
                {
                    "name": f"nix-build -A torch{n}",
                    "number": 1,
                    "status": "completed",
                    "conclusion": "success",
                }
            ],
            "html_url": f"{page}/job/{70000 + n}",
        }
        for n, conclusion in enumerate(("success", "failure", "timed_out", "skipped"))
    ]
    run = {
        "id": 60001,
        "run_number": 12,
        "run_attempt": 1,
        "name": "build",
        "path": ".github/workflows/build.yml",
        "event": "schedule",
        "status": "completed",
        "conclusion": "failure",
        "head_sha": COMMIT,
        "head_branch": "master",
        "created_at": "2025-03-01T00:05:00Z",
        "run_started_at": "2025-03-01T00:05:00Z",
        "updated_at": "2025-03-01T01:20:00Z",
        "html_url": page,
    }
    return [
        _lines({"total_count": 1, "workflow_runs": [run]}, {"total_count": 4, "jobs": jobs}),
        _lines(*jobs),
    ]


def _buildbot() -> bytes:
    names = ("nix-eval", "nix-build", "nix-failed-eval", "nix-dependency-failed", "nix-cached-failure")
    builders = [
        {"builderid": n, "name": f"example/ci/{name}", "masterids": [1]} for n, name in enumerate(names, 1)
    ]
    builds = [
        {
            "buildid": 9000 + n,
            "number": n,
            "builderid": n,
            "buildrequestid": 8800 + n,
            "started_at": 1_760_000_000 + n,
            "complete": True,
            "complete_at": 1_760_000_600,
            "results": 0 if n == 1 else 2,
            "properties": {
                name: [value, "nix-eval-nix"]
                for name, value in (
                    ("attr", f"x86_64-linux.p{n}"),
                    ("system", "x86_64-linux"),
                    ("drv_path", _drv(f"p{n}-1")),
                    ("revision", COMMIT),
                )
                if n > 1 or name == "revision"
            },
        }
        for n in range(1, 6)
    ]
    return _lines({"builders": builders, "meta": {"total": 5}}, {"builds": builds, "meta": {"total": 5}})


def _runcommand() -> bytes:
    return _lines(
        *(
            {
                "event": "buildFinished",
                "build": 500 + n,
                "finished": True,
                "timestamp": 1_760_000_000,
                "project": "nixos-cuda",
                "jobset": "cuda",
                "job": f"python3Packages.p{n}.x86_64-linux",
                "drvPath": _drv(f"p{n}-1"),
                "startTime": 1_760_000_100,
                "stopTime": 1_760_000_700,
                "buildStatus": status,
                "nixName": f"p{n}-1",
                "system": "x86_64-linux",
                "outputs": [{"name": "out", "path": "/nix/store/x"}],
                "products": [],
                "metrics": [],
            }
            for n, status in enumerate((0, 1, 2, 7))
        )
    )


def _events() -> bytes:
    def event(kind: str, number: int, **data: Any) -> dict[str, Any]:
        about = {
            "specversion": "1.0",
            "id": f"r-181/{number}",
            "source": SOURCE,
            "time": "2025-10-01T03:10:00Z",
        }
        return {**about, "type": f"{PREFIX}{kind}.v1", "data": {"run_id": "r-181", "commit": COMMIT, **data}}

    statuses = ("succeeded", "failed", "dependency-failed", "timed-out")
    jobs = [
        event(
            "job.finished",
            n,
            attr=f"python3Packages.p{n}",
            attr_path=["python3Packages", f"p{n}"],
            system="x86_64-linux",
            status=status,
            drv_path=_drv(f"p{n}-1"),
            failed_drvs=[_drv("magma-2.9")] if status == "dependency-failed" else [],
            started_at="2025-10-01T03:00:00Z",
            stopped_at="2025-10-01T03:10:00Z",
            metrics={"size": {"value": 1.5, "unit": "MiB"}},
        )
        for n, status in enumerate(statuses)
    ]
    started = event(
        "run.started", 90, branch="master", variant="cuda", systems=["x86_64-linux"], expected_jobs=4
    )
    finished = event("run.finished", 91, status="succeeded", complete=True, counts=dict.fromkeys(statuses, 1))
    retracted = event("job.retracted", 92, retracts="r-181/0", reason="wrong")
    advanced = event("channel.advanced", 93, channel="unfree")
    return _lines(started, *jobs, finished, retracted, advanced, *_of_nix(event))


def _of_nix(event: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """A derivation, its output and the set that it is of."""
    named = {"package_set": "nixpkgs", "commit": COMMIT}
    derivation = {
        "drv_path": _drv("p1-1"),
        "system": "x86_64-linux",
        "outputs": {"out": _drv("p1-1").removesuffix(".drv"), "dev": None},
        "is_fixed_output": False,
        "recipe_sha256": "ab" * 32,
        "required_features": ["big-parallel"],
        "does_check": True,
        "inputs": [
            {"drv_path": _drv("lib-1.2"), "outputs": ["dev", "out"], "roles": ["buildInputs"]},
            {
                "drv_path": _drv("check-1"),
                "outputs": ["out"],
                "roles": ["checkInputs"],
                "is_check_only": True,
            },
        ],
    }
    output = {
        "drv_path": _drv("p1-1"),
        "output": "out",
        "path": _drv("p1-1").removesuffix(".drv"),
        "nar_hash": "sha256-nsDUWOIG/+sDHaDnOzuXLPpAzJ9vf92UMnR4OGH+iqo=",
        "nar_bytes": 520,
        "references": [_drv("lib-1.2").removesuffix(".drv")],
        "hashes": {"self_blanked": "01" * 32, "content": "02" * 32},
    }
    return [
        event("derivation.observed", 94, **derivation),
        event("output.observed", 95, **output),
        event("package-set.evaluated", 96, **named, complete=True, expected_attrs=1),
        event("attribute.evaluated", 97, **named, attr="p1", system="x86_64-linux", drv_path=_drv("p1-1")),
    ]


def _built() -> bytes:
    built = [
        {
            "drvPath": _drv(name),
            "outputs": {"out": "/nix/store/x"},
            "startTime": 1760000000,
            "stopTime": 1760000600,
        }
        for name in ("app-3.0", "libfoo-1.2.1", "tool")
    ]
    return json.dumps([*built, "/nix/store/" + "0" * 32 + "-source"]).encode() + b"\n"


def _layouts(shown: bytes) -> list[bytes]:
    """A recorded derivation in the newest layout."""
    ((path, value),) = json.loads(shown).items()
    drvs = {drv[11:]: {"outputs": used, "dynamicOutputs": {}} for drv, used in value.pop("inputDrvs").items()}
    value |= {"inputs": {"drvs": drvs, "srcs": value.pop("inputSrcs")}, "version": 4, "name": "app-3.0"}
    value["outputs"]["out"]["path"] = value["outputs"]["out"]["path"][11:]
    return [json.dumps({"version": 4, "derivations": {path[11:]: value}}, indent=1).encode()]


def _infos(listed: bytes) -> list[bytes]:
    """Recorded path information in newer layouts."""
    paths = {one.pop("path"): one for one in json.loads(listed)} | {"/nix/store/" + "0" * 32 + "-x": None}
    short = {path[11:]: one for path, one in paths.items()}
    return [_lines(paths), json.dumps({"version": 2, "storeDir": "/nix/store", "info": short}).encode()]


def _traced() -> bytes:
    """A realisation as Nix writes it since 2.35."""
    key = {"drvPath": _drv("p1-1")[11:], "outputName": "out"}
    return _lines({"key": key, "value": {"outPath": _drv("p1-1")[11:-4], "signatures": []}})


def _recorded(folder: str, *names: str) -> list[bytes]:
    return [(NIX / folder / name).read_bytes() for name in names]


def samples() -> dict[str, list[bytes]]:
    """Valid inputs by the name of the adapter's module."""
    logs = _recorded(
        "structured",
        *(f"build-{name}.internal-json.log" for name in ("keep-going", "ca", "substituted", "eval-error")),
    )
    shown = _recorded(
        "store", *(f"show-derivation-{name}.json" for name in ("app", "recursive", "ca", "fod"))
    )
    infos = _recorded(
        "store", *(f"path-info{name}.json" for name in ("", "-closure", "-ca", "-binary-cache"))
    )
    names = sorted(path.name for path in (NIX / "cache").glob("*.narinfo"))
    caches = _recorded("cache", *names)
    table = Path(__file__).parent.parent / "data" / "custom-ci-r-updates-2026-02" / "failures.csv"
    return {
        "eval_jobs": _eval_jobs(),
        "fast_build": [_lines(*_steps()), json.dumps({"results": _steps()}, indent=1).encode()],
        "junit": [_junit()],
        "nixpkgs_review": _review(),
        "github_actions": _github(),
        "buildbot": [_buildbot()],
        "hydra_runcommand": [_runcommand()],
        "generic": [_events()],
        "drv_file": _recorded("drv", *sorted(path.name for path in (NIX / "drv").iterdir())),
        "derivation_show": [*shown, *_layouts(shown[0])],
        "path_info": [*infos, *_infos(infos[0])],
        "realisations": [*_recorded("store", "realisation-info.json"), _traced()],
        "narinfo": [*caches, b"".join(caches)],
        "nix_json": [_built()],
        "internal_json": [*logs, logs[0].replace(b"@nix ", b"")],
        "r_updates": [b"".join(table.read_bytes().splitlines(keepends=True)[:12])],
        "plain_log": _recorded("plain", "nix-build-keep-going.stderr", "plain-dependency-failure.stderr"),
    }
