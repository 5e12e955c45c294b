"""What is sent to workers: whole tenants, no credential; and the pace that the environments of a tenant share."""

import pickle

import pytest

from reconciler.fleet.audit_batches import BatchSize, run_on_worker, split_batches, without_credentials
from reconciler.fleet.environment_result import EnvironmentResult
from reconciler.project.config_file import load_project
from reconciler.project.environment_session import LiveAccess, open_environment
from reconciler.project.plan_environment import PlanRequest
from tests.support.command_line import project, room

CANARY = "CANARYcanary0123456789"


@pytest.fixture
def many(tmp_path):
    """A hundred environments of ten tenants, all on a port where nobody listens."""
    places = "".join(
        f'  e{number}: {{endpoint: "http://127.0.0.1:9", project_id: t{number % 10}, throttle: {{reads: 3}}}}\n'
        for number in range(100)
    )
    return load_project(project(tmp_path, {"rooms/one.yaml": room("One")}, more=places))


def ask():
    return PlanRequest(access=LiveAccess(variables={"HUAWEICLOUD_SDK_SK": CANARY}))


def test_every_environment_is_in_one_errand_and_a_tenant_in_one_only(many):
    parts = list(split_batches(many, list(many.environments), ask(), width=2, sets={}))
    names = [name for part in parts for name in part.names]
    assert sorted(names) == sorted(many.environments)
    tenants = [{part.project.environments[name].project_id for name in part.names} for part in parts]
    assert len(parts) > 4
    assert sum(map(len, tenants)) == 11  # ten of the port, and the embedded one


def test_an_errand_carries_its_own_environments_only_and_survives_the_way(many):
    for part in split_batches(many, list(many.environments), ask(), width=2, sets={"e1": ("a=1",)}):
        sent = pickle.loads(pickle.dumps(without_credentials(part)))
        assert set(sent.project.environments) == set(part.names)
        assert sent.project.name == many.name
        assert sent.sets == ({"e1": ("a=1",)} if "e1" in part.names else {})


def test_no_credential_is_in_what_is_sent_nor_in_what_comes_back(many, monkeypatch):
    monkeypatch.setenv("HUAWEICLOUD_SDK_SK", CANARY)
    monkeypatch.setenv("RECONCILER_SECRET_KEY", "hello-is-a-secret")
    (part,) = split_batches(many, ["demo"], ask(), width=1, sets={"demo": (f'x="{CANARY}"',)})
    sent = pickle.dumps((run_on_worker, without_credentials(part)))
    back = pickle.dumps(run_on_worker(pickle.loads(sent)[1]))
    assert sent.count(CANARY.encode()) == 1  # what the fleet file itself said
    assert CANARY.encode() not in back


def test_environments_of_one_tenant_keep_one_pace_and_others_their_own(many):
    access = ask().access
    one, same, other = (open_environment(many, name, access).connection for name in ("e1", "e11", "e2"))
    assert one.reads is same.reads
    assert one.reads is not other.reads
    assert one.reads.rate == 3


def visited(number, seconds):
    """Return results of so many environments, each visited in so many seconds."""
    return [EnvironmentResult(environment=f"e{at}", seconds=seconds) for at in range(number)]


def test_a_batch_holds_what_a_worker_visits_in_a_second_and_fifty_before_any_is_measured():
    size = BatchSize(100_000, 2)
    assert size() == 50
    size.measured(visited(50, 0.01))
    assert size() == 100
    size.measured(visited(50, 0.19))
    assert size() == 10
    size.measured(visited(1000, 60.0))
    assert size() == 1


def test_a_batch_is_never_so_large_that_other_workers_have_nothing_left_to_do():
    size = BatchSize(1000, 2)
    size.measured(visited(10, 0.0001))
    assert size() == 125
    size.sent(500)
    assert size() == 62
    size.sent(480)
    assert size() == 50  # a tenth of a batch
    assert BatchSize(1_000_000, 1)() == 50


def test_an_environment_that_was_lost_with_its_worker_tells_nothing_of_the_cost():
    size = BatchSize(100_000, 1)
    size.measured([EnvironmentResult(environment="gone", lost=True)])
    assert size() == 50


def test_later_batches_have_the_size_that_was_measured_meanwhile(many):
    size = BatchSize(len(many.environments), 1)
    parts = split_batches(many, list(many.environments), ask(), width=1, sets={}, size=size)
    first = next(parts)
    size.measured(visited(len(first.names), 20.0))
    assert len(next(parts).names) == 10  # one tenant
