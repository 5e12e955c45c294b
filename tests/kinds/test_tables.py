"""Laws that every kind's table keeps, ours and plugins' alike."""

import pickle
from typing import Annotated

import pydantic
import pytest

from reconciler.errors import PluginError
from reconciler.kinds.base.field import Field, FieldRole, FieldType, ListType, NoDefault
from reconciler.kinds.base.field_builders import SpecModel, integer, item_text, items, keyed_by, nested_object, text
from reconciler.kinds.base.field_rules import parse
from reconciler.kinds.base.model_compiler import compile_model
from reconciler.kinds.registry import all_kinds, kind_named

KINDS = list(all_kinds().values())
FIELDS = [(kind, field) for kind in KINDS for field in kind.fields.values()]


def test_kinds_come_after_those_they_need():
    assert list(all_kinds()) == ["InteractionRuleGroup", "SmartLiveRoom"]


def test_an_unknown_kind_is_refused_with_the_kinds_there_are():
    with pytest.raises(PluginError) as raised:
        kind_named("LiveRoom")
    assert "SmartLiveRoom" in raised.value.hint


def test_every_field_says_what_it_is_and_where_that_was_read():
    assert [field.path for _, field in FIELDS if not field.doc or not field.source] == []


def test_a_field_is_an_object_with_children_or_a_list_with_an_item_or_a_leaf():
    for _, field in FIELDS:
        assert bool(field.children) == (field.type is FieldType.OBJECT)
        assert (field.item is not None) == (field.list is not None) == (field.type is FieldType.LIST)


def test_list_keys_lead_to_fields_of_the_item():
    for _, field in FIELDS:
        if field.list:
            for key in (*field.list.keys, *field.list.server_keys):
                assert _inside(field.item, key), (field.path, key)
            assert set(field.list.optional) <= set(field.list.keys)
            assert bool(field.list.keys) == (field.list.type in (ListType.MAP, ListType.ORDERED_MAP))


def _inside(item: Field | None, key: str) -> bool:
    for step in key.split("."):
        if item is None or step not in item.children:
            return False
        item = item.children[step]
    return True


def test_server_keys_are_computed():
    for _, field in FIELDS:
        for key in field.list.server_keys if field.list else ():
            assert field.item.children[key].role is FieldRole.COMPUTED


def test_what_holds_something_writable_is_writable():
    for _, field in FIELDS:
        inner = field.children or (field.item.children if field.item else {})
        assert field.writable or not any(child.writable for child in inner.values())


def test_a_default_is_a_value_of_its_field():
    for _, field in FIELDS:
        if field.default is not NoDefault.NONE:
            assert field.default in field.enum if field.enum else True
            assert field.minimum is None or field.minimum <= field.default <= field.maximum


def test_the_room_type_is_a_default_on_create_only_and_the_services_own_choices_are_no_default():
    room = kind_named("SmartLiveRoom").fields
    assert {path for path, field in room.items() if field.default_on_create_only} == {"room_type"}
    assert not room["room_type"].defaulted
    assert not room["view_mode"].defaulted
    assert room["play_policy.repeat_count"].defaulted


def test_what_a_table_refuses_is_a_choice_and_an_error_of_its_kind():
    refused = [(kind, field, value) for kind, field in FIELDS for value in field.refused]
    assert refused
    for kind, field, value in refused:
        assert value in field.enum
        assert any(problem.code.startswith("E_") for problem in kind.problems({field.path: value}))


def test_conditions_name_fields_that_exist():
    for kind, field in FIELDS:
        for text_ in filter(None, (field.required_when, field.applies_when)):
            for name, value in parse(text_).terms:
                known = [other for other in kind.fields.values() if other.name == name and value in other.enum]
                assert known, (field.path, text_)


def test_a_condition_we_cannot_read_is_the_kinds_fault():
    with pytest.raises(PluginError):
        parse("a > 3 or b")


def test_references_lead_to_names_with_a_place_for_the_id_beside_them():
    for kind in KINDS:
        for path, other in kind.references.items():
            beside = path.rpartition(".")[0] + "." + kind_named(other).id_field
            assert beside in kind.fields


def test_identity_and_id_are_fields_of_the_kind():
    for kind in KINDS:
        assert kind.fields[kind.name_field].role is FieldRole.IDENTITY
        assert kind.fields[kind.id_field].role is FieldRole.COMPUTED
        assert all(stamp in kind.fields for stamp in kind.version_fields)


def test_a_table_survives_pickling():
    field = kind_named("SmartLiveRoom").fields["video_config"]
    assert pickle.loads(pickle.dumps(field)) == field


def test_rooms_on_air_and_temporary_rooms_are_told():
    room = kind_named("SmartLiveRoom")
    assert room.busy_reason({"last_job_status": "PROCESSING"})
    assert room.busy_reason({"last_job_status": "WAITING"})
    assert not room.busy_reason({"last_job_status": "SUCCEED"})
    assert not room.busy_reason({})
    assert room.foreign_reason({"room_type": "TEMP"})
    assert not room.foreign_reason({"room_type": "TEMPLATE"})
    assert not kind_named("InteractionRuleGroup").busy_reason({"last_job_status": "PROCESSING"})


class Part(SpecModel):
    """A part."""

    name: str = text(1, 8, required=True, doc="Name.")


class Whole(SpecModel):
    """A whole."""

    parts: list[Part] | None = items(0, 3, rule=keyed_by("name"), in_list=True, doc="Parts.")
    words: list[Annotated[str, item_text(1, 4)]] | None = items(at_most=2, doc="Words.")


def test_a_model_becomes_a_table_with_presence_inherited():
    root = compile_model(Whole)
    parts = root.children["parts"]
    assert parts.list == keyed_by("name")
    assert (parts.min_items, parts.max_items, parts.role) == (0, 3, FieldRole.MANAGED)
    assert parts.item.children["name"].role is FieldRole.MANAGED
    assert parts.item.children["name"].path == "parts[].name"
    assert root.children["words"].role is FieldRole.DETAIL
    assert root.children["words"].item.max_length == 4


class Undecided(SpecModel):
    """Required, and yet it may be null."""

    size: int | None = integer(required=True)


class Stubborn(SpecModel):
    """Optional, and yet it cannot be cleared."""

    part: Part = nested_object()


class Strange(SpecModel):
    """A type that YAML has no word for."""

    size: complex | None = integer()


@pytest.mark.parametrize("model", [Undecided, Stubborn, Strange])
def test_a_model_that_contradicts_itself_is_refused(model):
    with pytest.raises(PluginError):
        compile_model(model)


class Priced(Part):
    """A part with what pydantic alone knows: a field without a helper, a written-out type, a check of its own."""

    name: str = text(1, 4, required=True, doc="Short name.")
    price: float | None = pydantic.Field(default=None, ge=1, description="Price.")
    box: "Part | None" = nested_object(doc="Its box.")

    @pydantic.field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if name == "none":
            raise ValueError("is reserved")
        return name


class Own(pydantic.BaseModel):
    """A model of pydantic's own."""

    part: Priced | None = None
    words: list[Annotated[str, pydantic.Field(max_length=4)]] | None = None


def test_a_model_with_checks_of_pydantic_s_own_keeps_them():
    root = compile_model(Own)
    part = root.children["part"]
    assert list(part.children) == ["name", "price", "box"]
    assert (part.children["name"].max_length, part.children["price"].minimum) == (4, 1)
    assert part.children["box"].children["name"].path == "part.box.name"
    assert root.children["words"].item.max_length == 4
    Own.model_validate({"part": {"name": "tray", "price": 2.0, "box": {"name": "cardbox"}}, "words": ["four"]})
    wrong = {"part": {"name": "none", "price": 0.5, "box": {"name": "", "size": 1}}, "words": ["fives"]}
    with pytest.raises(pydantic.ValidationError) as raised:
        Own.model_validate(wrong)
    assert [(each["loc"], each["type"]) for each in raised.value.errors()] == [
        (("part", "name"), "value_error"),
        (("part", "price"), "greater_than_equal"),
        (("part", "box", "name"), "string_too_short"),
        (("part", "box", "size"), "extra_forbidden"),
        (("words", 0), "string_too_long"),
    ]


def test_an_instance_of_a_model_is_one_of_pydantic_s():
    made = Whole(parts=[Part(name="first")], words=["one"])
    assert isinstance(made, Whole)
    assert isinstance(made, pydantic.BaseModel)
    assert made.parts[0].name == "first"
    assert made == Whole.model_validate(made.model_dump())
    assert not hasattr(Whole, "size")
    with pytest.raises(pydantic.ValidationError):
        Whole(words=["fives"])
