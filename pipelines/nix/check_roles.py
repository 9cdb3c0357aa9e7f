"""Which inputs of an evaluated package are there for its tests only, where its variables alone do not tell.

nixpkgs adds the lists of test inputs to those of the build when tests are on, so that in a derivation both are in one
variable. Two ways undo that: the package's own lists, where they survive on it, and the inputs that vanish when its
tests are switched off.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from models.ci_format import Input
from pipelines.nix import variables
from pipelines.nix.derivation import Derivation
from pipelines.nix.roles import NONINFLUENCING, used

FOLDED = {
    "nativeBuildInputs": ("nativeCheckInputs", "nativeInstallCheckInputs"),
    "buildInputs": ("checkInputs", "installCheckInputs"),
}
"""Variable -> lists of test inputs that are added to it."""


def inputs(
    derivation: Derivation,
    known: Mapping[str, Derivation],
    lists: Mapping[str, Sequence[str]] | None = None,
    untested: Derivation | None = None,
) -> list[Input]:
    """The inputs of a derivation with their roles.

    `lists`: derivations in each list of test inputs of the package. An input is in such a list only, if the variable
    that the list was added to names it as often as the lists do; then it has the list's name as its role.
    `untested`: what the package is without tests. What it does not use is there for tests only, wherever it is named.
    """
    listed = {name: Counter(drvs) for name, drvs in (lists or {}).items() if name in NONINFLUENCING}
    told = []
    for one in used(derivation, known):
        is_gone = untested is not None and one.drv_path not in untested.input_drvs
        of = {name: counts[one.drv_path] for name, counts in listed.items() if counts[one.drv_path]}
        roles = one.roles
        if roles is not None:
            roles = _unfolded(derivation, known[one.drv_path], roles, of, is_gone=is_gone)
        is_check_only = None if roles is None else bool(roles) and NONINFLUENCING.issuperset(roles)
        told.append(
            Input(
                drv_path=one.drv_path,
                outputs=list(one.outputs),
                roles=None if roles is None else list(roles),
                is_check_only=True if is_gone else is_check_only,
            )
        )
    return told


def _unfolded(
    derivation: Derivation, of: Derivation, roles: Sequence[str], listed: Mapping[str, int], *, is_gone: bool
) -> tuple[str, ...]:
    """The roles with the lists of test inputs apart from the variables that they were added to."""
    found = {*roles, *listed}
    for variable, names in FOLDED.items():
        if variable not in roles:
            continue
        in_lists = sum(listed.get(name, 0) for name in names)
        if is_gone and not in_lists:
            found.add(names[0])
        if is_gone or _times(derivation, variable, of) <= in_lists:
            found.discard(variable)
    return tuple(sorted(found))


def _times(derivation: Derivation, variable: str, of: Derivation) -> int:
    """How often a variable names an output of a derivation."""
    text = variables.text(derivation, variable)
    return sum(text.count(output.path) for output in of.outputs.values() if output.path is not None)
