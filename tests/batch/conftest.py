import pytest

from tests.tiny_networks import tiny_network


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return tiny_network(tmp_path_factory.mktemp("network"))
