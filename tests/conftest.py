"""What helpers of tests assert is explained as what tests assert."""

import pytest

pytest.register_assert_rewrite("tests.clients", "tests.faults", "tests.jobs", "tests.plugins", "tests.together")
