from dicom_node.limits import Budget, Limits
from screening.settings import Node


def test_a_site_sets_some() -> None:
    node = Node(
        maximum_associations=6,
        maximum_pdu_size=16384,
        maximum_instance_mb=3,
        maximum_arriving_mb=5,
    )
    limits = Limits.of(node)
    assert (limits.instance_bytes, limits.arriving_bytes, limits.pdu_bytes) == (3 * 2**20, 5 * 2**20, 16384)
    assert limits.associations_per_address == 3
    assert limits.connections == 14
    assert Limits.of(Node(maximum_associations=1)).associations_per_address == 1
    assert Limits.of(Node(maximum_associations_per_address=7)).associations_per_address == 7


def test_the_limits_without_a_site_are_those_of_the_default_settings() -> None:
    assert Limits() == Limits.of(Node())


def test_a_budget_is_all_or_nothing() -> None:
    budget = Budget(10)
    assert budget.take(7)
    assert not budget.take(4)
    assert budget.take(3)
    budget.give_back(7)
    assert budget.left == 7
