"""Dataclasses with late methods are those of the standard library in everything."""

import copy
import dataclasses
import itertools
import pickle
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from reconciler import late_methods


def _plain(make: Callable[..., Any]) -> Any:
    @make(frozen=True, slots=True, kw_only=True)
    class Point:
        """A point."""

        x: int
        y: int = 2
        tags: list[str] = dataclasses.field(default_factory=list)
        hidden: int = dataclasses.field(default=0, repr=False, compare=False)
        axes: ClassVar[int] = 2

    return Point


def _open(make: Callable[..., Any]) -> Any:
    @make
    class Counter:
        """A counter."""

        first: int
        step: dataclasses.InitVar[int] = 1
        total: int = dataclasses.field(init=False, default=0)

        def __post_init__(self, step: int) -> None:
            self.total = self.first + step

    return Counter


PAIRS = [(shape(dataclasses.dataclass), shape(late_methods.dataclass)) for shape in (_plain, _open)]


@late_methods.dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A frozen base."""

    name: str


@late_methods.dataclass(frozen=True, slots=True, kw_only=True)
class Sized(Named):
    """A frozen value with the slots of its base and its own."""

    size: int = 1
    parts: list[str] = dataclasses.field(default_factory=list)


@late_methods.dataclass(frozen=True, slots=True)
class Pair:
    """Two values."""

    left: int
    right: tuple[int, ...] = ()


def test_a_class_without_a_docstring_is_named_and_its_signature_is_not_parsed():
    """The standard library writes the signature, for which it imports and compiles what parses Python."""

    @late_methods.dataclass
    class Bare:
        first: int

    assert Bare.__doc__ == "Bare"
    assert Bare(1) == Bare(first=1)


@pytest.mark.parametrize(("known", "late"), PAIRS)
def test_fields_and_parameters_are_the_standard_library_s(known, late):
    assert [(each.name, each.type, each.default, each.kw_only) for each in dataclasses.fields(late)] == [
        (each.name, each.type, each.default, each.kw_only) for each in dataclasses.fields(known)
    ]
    assert late.__match_args__ == known.__match_args__
    assert late.__dataclass_params__.frozen == known.__dataclass_params__.frozen
    assert getattr(late, "__slots__", None) == getattr(known, "__slots__", None)


def test_values_are_made_shown_and_compared_alike():
    (known, late), (counter, late_counter) = PAIRS
    for one in (known, late):
        point = one(x=1, hidden=7)
        assert repr(point).endswith("Point(x=1, y=2, tags=[])")
        assert point == one(x=1, hidden=8) != one(x=2)
        assert point != (1, 2, [])
        assert dataclasses.asdict(dataclasses.replace(point, y=3)) == {"x": 1, "y": 3, "tags": [], "hidden": 7}
        assert one(x=1).tags is not one(x=1).tags
        with pytest.raises(TypeError, match=r"missing 1 required keyword-only argument: 'x'"):
            one()
        with pytest.raises(TypeError, match=r"positional argument"):
            one(1)
    for one in (counter, late_counter):
        assert one(1, step=4).total == 5
        assert one.__hash__ is None


def test_a_frozen_value_is_not_changed_but_hashed_copied_and_pickled():
    pair = Pair(1, (2,))
    for change in (lambda: setattr(pair, "left", 2), lambda: delattr(pair, "left"), lambda: setattr(pair, "new", 2)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    assert {pair: "found"}[Pair(1, (2,))] == "found"
    assert copy.deepcopy(pair) == pair == copy.copy(pair) == pickle.loads(pickle.dumps(pair))


def test_own_methods_stay_and_ordered_or_derived_classes_are_whole():
    @late_methods.dataclass(frozen=True, eq=False)
    class Named:
        """With its own words."""

        name: str

        def __repr__(self) -> str:
            return self.name

    @late_methods.dataclass(frozen=True)
    class Longer(Named):
        """With one field more."""

        age: int = 0

    @late_methods.dataclass(frozen=True, slots=True, order=True)
    class Version:
        """Ordered."""

        number: int

    assert repr(Named("a")) == "a"
    assert Named("a") != Named("a")
    assert Longer("a", 2) == Longer("a", 2)
    assert max(Version(1), Version(2)) == Version(2)


@pytest.mark.parametrize("calls", [1, 600])
def test_a_method_is_the_same_before_and_after_it_is_compiled(calls):
    for known, late in ((shape(dataclasses.dataclass), shape(late_methods.dataclass)) for shape in (_plain, _open)):
        for _ in range(calls):
            made = [one(x=1, y=3, hidden=4) if one.__name__ == "Point" else one(1, 4) for one in (known, late)]
            equal = [one == copy.copy(one) for one in made]
            assert equal == [True, True]
            assert repr(made[0]) == repr(made[1])
            assert vars(made[0]) == vars(made[1]) if hasattr(made[0], "__dict__") else True


@pytest.mark.parametrize("calls", [1, 600])
def test_a_frozen_value_with_slots_is_initialised_as_by_the_standard_library(calls):
    def mixed(make: Callable[..., Any]) -> Any:
        @make(frozen=True, slots=True)
        class Mixed:
            """Every kind of parameter."""

            self_: int
            right: list[int] = dataclasses.field(default_factory=list)
            left: int = dataclasses.field(default=3, kw_only=True)
            made: dict[str, int] = dataclasses.field(default_factory=dict, kw_only=True)

            def __post_init__(self) -> None:
                self.made["sum"] = self.self_ + self.left

        return Mixed

    for given in ({}, {"right": [1]}, {"left": 4}, {"made": {"other": 1}, "right": [2], "left": 5}):
        seen = []
        for one in (mixed(dataclasses.dataclass), mixed(late_methods.dataclass)):
            values = [one(1, **copy.deepcopy(given)) for _ in range(calls)]
            assert all(first.made is not second.made for first, second in itertools.pairwise(values))
            init = one.__init__
            seen.append((dataclasses.asdict(values[-1]), calls < 500 or (init.__defaults__, init.__kwdefaults__)))
        assert seen[0] == seen[1]


@pytest.mark.parametrize("calls", [1, 600])
def test_a_frozen_value_with_slots_of_a_base_is_made_whole_and_stays_frozen(calls):
    made = [Sized(name="a", size=number) for number in range(calls)][-1]
    assert (type(made), made.name, made.size, made.parts) == (Sized, "a", calls - 1, [])
    assert copy.deepcopy(made) == made == pickle.loads(pickle.dumps(made)) == dataclasses.replace(made, name="a")
    for change in (
        lambda: setattr(made, "name", "b"),
        lambda: setattr(made, "size", 2),
        lambda: setattr(made, "new", 2),
        lambda: delattr(made, "name"),
    ):
        with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
            change()
    assert (made.name, made.size) == ("a", calls - 1)
    with pytest.raises(TypeError, match=r"missing 1 required keyword-only argument: 'name'"):
        Sized()


@pytest.mark.parametrize("calls", [1, 600])
def test_a_subclass_that_inherits_a_frozen_init_keeps_its_own_class(calls):
    class Wider(Sized):
        """With a dictionary of its own."""

    class Same(Sized):
        """With the slots of its base."""

        __slots__ = ()

    for one in (Sized, Wider, Same):
        made = [one(name="a", parts=["b"]) for _ in range(calls)][-1]
        assert (type(made), made.name, made.size, made.parts) == (one, "a", 1, ["b"])
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.size = 3


@pytest.mark.parametrize("calls", [1, 600])
def test_a_frozen_value_of_a_generic_class_is_made_whole(calls):
    element = TypeVar("element")

    @late_methods.dataclass(frozen=True, slots=True)
    class Box(Generic[element]):
        """What holds a value."""

        content: element

        @property
        def double(self) -> tuple[element, element]:
            """It twice."""
            return self.content, self.content

    made = [Box[int](number) for number in range(calls)][-1]
    assert (type(made), made.double) == (Box, (calls - 1, calls - 1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.content = 3


@pytest.mark.parametrize("calls", [1, 600])
def test_what_follows_an_init_meets_a_frozen_value(calls):
    seen = []

    @late_methods.dataclass(frozen=True, slots=True)
    class Checked:
        """With a check of its fields."""

        x: int

        def __post_init__(self) -> None:
            seen.append(type(self))
            with pytest.raises(dataclasses.FrozenInstanceError):
                self.x = 2

    assert [Checked(number).x for number in range(calls)] == list(range(calls))
    assert set(seen) == {Checked}


WRONG: list[tuple[tuple[object, ...], dict[str, object]]] = [
    ((), {}),
    ((1, 2, 3), {}),
    ((1,), {"left": 1}),
    ((1,), {"middle": 1}),
    ((), {"right": ()}),
]


@pytest.mark.parametrize(("arguments", "given"), WRONG)
def test_wrong_arguments_are_refused_as_the_standard_library_does(arguments, given):
    def pair(make: Callable[..., Any]) -> Any:
        @make(frozen=True, slots=True)
        class Couple:
            """Two values."""

            left: int
            right: tuple[int, ...] = ()

        return Couple

    said = []
    for one in (pair(dataclasses.dataclass), pair(late_methods.dataclass)):
        with pytest.raises(TypeError) as raised:
            one(*arguments, **given)
        said.append(str(raised.value).partition(".<locals>.")[2])
    assert said[0] == said[1] != ""


def test_a_method_that_is_called_often_is_made_once():
    @late_methods.dataclass(frozen=True, slots=True)
    class Single:
        """A value."""

        x: int

    before = Single.__init__
    Single(1)
    assert Single.__init__ is before
    assert [Single(number).x for number in range(600)] == list(range(600))
    after = Single.__init__
    assert after is not before
    Single(x=2)
    assert Single.__init__ is after


def test_a_custom_setter_and_a_subclass_are_honoured():
    class Loud:
        """Doubles what is set."""

        def __setattr__(self, name: str, value: int) -> None:
            super().__setattr__(name, value * 2)

    @late_methods.dataclass
    class Heard(Loud):
        """Set by its base."""

        size: int = 1

    class Wide(Pair):
        """A plain subclass."""

        def __init__(self, left: int) -> None:
            super().__init__(left, (left,))

    assert [Heard(2).size for _ in range(40)] == [4] * 40
    assert [Wide(3).right for _ in range(40)] == [(3,)] * 40
    assert Wide(1) != Pair(1, (1,))
    assert {hash(Pair(1, (2,))) for _ in range(40)} == {hash((1, (2,)))}


@pytest.mark.parametrize("calls", [1, 600])
def test_arguments_that_are_no_fields_and_fields_that_are_no_arguments_are_the_standard_library_s(calls):
    def link(make: Callable[..., Any]) -> Any:
        @make(frozen=True, kw_only=True)
        class Link:
            """A link with what is made of its arguments."""

            kinds: ClassVar[tuple[str, ...]] = ("a",)
            host: str
            port: dataclasses.InitVar[int] = 80
            path: dataclasses.InitVar[str] = "/"
            url: str = dataclasses.field(init=False)
            met: list[str] = dataclasses.field(default_factory=list, init=False)

            def __post_init__(self, port: int, path: str) -> None:
                object.__setattr__(self, "url", f"{self.host}:{port}{path}")

        return Link

    known, late = link(dataclasses.dataclass), link(late_methods.dataclass)
    before = late.__init__
    for number in range(calls):
        given = [{"host": "a"}, {"host": "b", "path": "/x"}, {"port": number, "host": "c", "path": ""}][number % 3]
        first, second = known(**given), late(**given)
        assert vars(first) == vars(second)
        assert second.met is not late(**given).met
        assert (first == known(**given)) is (second == late(**given)) is True
    assert (late.__init__ is before) is (calls == 1)
    for wrong in ({}, {"host": "a", "url": "b"}, {"host": "a", "met": []}, {"host": "a", "kinds": ()}):
        with pytest.raises(TypeError):
            late(**wrong)
