"""The order of plugins: what is required comes first; otherwise by name."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from immich_host.hosting.record import Record, Stage, Status
from immich_host.plugin_api.manifest import MILESTONES


def in_order(records: Mapping[str, Record]) -> list[Record]:
    """Records so that each comes after those it requires or wants; equal ones by name.

    Plugins in a cycle of requirements are marked broken and come last.
    """
    requires = {name: _requires(record) & records.keys() for name, record in records.items()}
    for name in _cyclic(requires):
        records[name].break_at(Stage.LOAD, "requires itself through other plugins")
        requires[name] = set()
    wants = {name: set(r.manifest.wants) & records.keys() if r.manifest else set() for name, r in records.items()}
    edges = {name: requires[name] | wants[name] for name in records}
    if _cyclic(edges):  # wishes may be mutual; requirements alone then decide
        edges = requires
    sorter = TopologicalSorter(edges)
    sorter.prepare()
    order: list[Record] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(records[name] for name in ready)
        sorter.done(*ready)
    return order


def _requires(record: Record) -> set[str]:
    return set(record.manifest.requires) if record.manifest else set()


def _cyclic(edges: Mapping[str, set[str]]) -> set[str]:
    """Names on a cycle, by taking cycles out until none is left."""
    left = {name: set(targets) for name, targets in edges.items()}
    found: set[str] = set()
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            names = set(error.args[1])
            found |= names
            left = {name: targets - names for name, targets in left.items() if name not in names}
        else:
            return found


def wanted_on(records: Mapping[str, Record], off: set[str]) -> dict[str, str]:
    """Which plugins cannot be on, and why.

    Args:
        records: All plugins.
        off: Names that the admin has switched off.

    Returns:
        name -> reason, for each plugin that stays off; broken ones are not listed.
    """
    reasons: dict[str, str] = {}
    changed = True
    while changed:
        changed = False
        for name, record in records.items():
            if name in reasons or record.status is Status.BROKEN:
                continue
            reason = "switched off" if name in off else _missing_requirement(record, records, reasons)
            if reason:
                reasons[name] = reason
                changed = True
    return reasons


def _missing_requirement(record: Record, records: Mapping[str, Record], off: Mapping[str, str]) -> str:
    for name in sorted(_requires(record)):
        other = records.get(name)
        if other is None:
            return f"requires {name}, which is not installed"
        if other.status is Status.BROKEN:
            return f"requires {name}, which is broken"
        if name in off:
            return f"requires {name}, which is off"
    return ""


def check_providers(order: list[Record]) -> None:
    """A milestone has one provider; a second one is marked broken, as are jobs that contradict the manifest."""
    taken: dict[str, str] = {}
    for record in order:
        if record.manifest is None or record.status is Status.BROKEN:
            continue
        provided = {job.provides for job in record.brings.jobs if job.provides}
        if provided != set(record.manifest.provides):
            said = ", ".join(record.manifest.provides) or "nothing"
            record.break_at(Stage.LOAD, f"its manifest provides {said}, its jobs {', '.join(provided) or 'nothing'}")
            continue
        for milestone in provided:
            if milestone == MILESTONES[0]:
                record.break_at(Stage.LOAD, "the milestone created is the host's own")
            elif milestone in taken:
                record.break_at(Stage.LOAD, f"the milestone {milestone} is provided by {taken[milestone]} already")
            else:
                taken[milestone] = record.name
