"""Which inputs of an evaluated package are there for its tests only, where its variables alone do not tell.

nixpkgs adds the lists of test inputs to those of the build when tests are on, so that in a derivation both are in one
variable. Two ways undo that: the package's own lists, where they survive on it, and the inputs that vanish when its
tests are switched off. Roles stay what they are, the variables that name an input; only the verdict is made here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.ci_nix import Input
from pipelines.nix import variables
from pipelines.nix.derivation import Derivation
from pipelines.nix.roles import NONINFLUENCING, Used, used

FOLDED = {
    "nativeBuildInputs": ("nativeCheckInputs", "nativeInstallCheckInputs"),
    "buildInputs": ("checkInputs", "installCheckInputs"),
}
"""Variable -> lists of test inputs that are added to it."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked about a package's tests."""

    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """List of test inputs -> derivations in it; without those that are not on the package."""
    untested: Derivation | None = None
    """What the package is without tests."""


def inputs(
    derivation: Derivation, known: Mapping[str, Derivation], answers: Answers | None = None
) -> list[Input]:
    """The inputs of a derivation with their roles, and whether each is there for tests only; None: it is unknown."""
    return [
        Input(
            drv_path=one.drv_path,
            outputs=list(one.outputs),
            roles=None if one.roles is None else list(one.roles),
            is_check_only=_verdict(derivation, one, known, answers or Answers()),
        )
        for one in used(derivation, known)
    ]


def _verdict(
    derivation: Derivation, one: Used, known: Mapping[str, Derivation], answers: Answers
) -> bool | None:
    """Whether an input is there for tests only: by its variables, else by what is not used without tests, else by the
    lists.

    A list explains the variable that it was added to, if that names the input no more often than the list does.
    """
    is_gone = answers.untested is not None and one.drv_path not in answers.untested.input_drvs
    if one.is_check_only or is_gone:
        return True
    if one.roles is None:
        return None
    places = [role for role in one.roles if role in FOLDED]
    if not places or not {*FOLDED, *NONINFLUENCING}.issuperset(one.roles):
        return False
    listed = {name: Counter(drvs)[one.drv_path] for name, drvs in answers.lists.items()}
    of = known[one.drv_path]
    if all(
        _times(derivation, place, of) <= sum(listed.get(name, 0) for name in FOLDED[place])
        for place in places
    ):
        return True
    has_tests = variables.is_set(derivation, "doCheck") or variables.is_set(derivation, "doInstallCheck")
    is_told = all(name in answers.lists for place in places for name in FOLDED[place])
    return None if has_tests and answers.untested is None and not is_told else False


def _times(derivation: Derivation, variable: str, of: Derivation) -> int:
    """How often a variable names an output of a derivation."""
    text = variables.text(derivation, variable)
    return sum(text.count(output.path) for output in of.outputs.values() if output.path is not None)
