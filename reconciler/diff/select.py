"""`--target`, `--exclude` and `-l`: which part of the manifests a plan is about, said loudly."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.resource import Declared
from reconciler.model.settings import Selection


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a selection means."""

    selection: Selection

    def manifest(self, declared: Declared) -> bool:
        """Tell whether a manifest is chosen; labels select manifests, never live objects."""
        selection = self.selection
        if declared.address in selection.excludes:
            return False
        if any(declared.labels.get(label) != value for label, value in selection.labels.items()):
            return False
        return not selection.targets or declared.address in selection.targets

    def delete(self, addresses: set[str]) -> bool:
        """Tell whether an object may be deleted: a target or a label deletes nothing that a target does not name."""
        selection = self.selection
        if addresses & set(selection.excludes):
            return False
        if selection.targets or selection.labels:
            return bool(addresses & set(selection.targets))
        return True

    def told(self, declared: Sequence[Declared], changes: Sequence[Change]) -> Iterator[Diagnostic]:
        """Warn that the plan is partial; a target that names nothing is a mistake, not an empty wish."""
        if not self.selection.partial:
            return
        yield Diagnostic(
            severity=Severity.WARNING,
            code="W_PARTIAL",
            message="this plan is partial: it covers only what --target, --exclude and -l choose",
            hint="make a plan without them before you rely on the whole being in step",
        )
        known = {one.address for one in declared}
        known |= {change.address for change in changes if change.action is Action.DELETE}
        for address in (*self.selection.targets, *self.selection.excludes):
            if address not in known:
                yield Diagnostic(
                    severity=Severity.ERROR,
                    code="E_TARGET_UNKNOWN",
                    message=f"{address} is neither declared nor about to be deleted",
                    hint=_meant(address, known),
                )


def _meant(address: str, known: Iterable[str]) -> str:
    close = get_close_matches(address, sorted(known), n=1)
    return f"did you mean {close[0]}?" if close else 'write it as plans do: SmartLiveRoom["The Legend of Nature"]'
