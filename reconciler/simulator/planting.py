"""From a seed's objects to stored ones: they go in as if the service had held them for a while."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from reconciler.kinds import Kind
from reconciler.model.resource import Json
from reconciler.simulator.assigned import Writing, derived, identified, with_items
from reconciler.simulator.collection import Entry
from reconciler.simulator.incoming import normalised
from reconciler.simulator.world import World

AGE = timedelta(days=30)
"""How long before the service's start the first seeded object was made, where the seed does not say."""


def plant(world: World, objects: Mapping[tuple[str, str], list[Mapping[str, Json]]]) -> None:
    """Put a seed's objects into the world."""
    start = world.clock() - AGE
    for (project, kind), bodies in objects.items():
        for body in bodies:
            moment = start + timedelta(seconds=world.collection(project, kind).serial + 1)
            plant_one(world, world.kinds[kind], project, body, moment=moment)


def plant_one(
    world: World, kind: Kind, project: str, body: Mapping[str, Json], *, moment: datetime, origin: str = "seed"
) -> Entry:
    """Store one object as written, with what it leaves open filled in, and return it."""
    collection = world.collection(project, kind.name)
    serial = collection.next_serial()
    name = str(body.get(kind.name_field, ""))
    twins = len(collection.named(name))
    object_id = str(body.get(kind.id_field) or world.ids(f"{project}/{kind.name}/{name}/{origin}/{twins}"))
    writing = Writing(object_id=object_id, revision=0, now=moment, ids=world.ids)
    shape = world.shapes[kind.name]
    choice = "kept" if "view_mode" in body else world.choices["view_mode"]
    whole = derived(shape, normalised(shape, dict(body), world.choices), choice)
    entry = Entry(
        id=object_id,
        name=name,
        body=identified(kind, shape, with_items(shape, whole, {}, writing), project=project, writing=writing),
        serial=serial,
        origin=origin,
    )
    collection.put(entry)
    return entry
