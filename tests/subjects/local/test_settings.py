from typing import Any

import pytest

from offswitch._errors import UsageError
from offswitch.subjects.local.settings import Settings


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"dtyp": "auto"}, "no argument 'dtyp'. Did you mean 'dtype'"),
        ({"dtype": "int8"}, "no dtype 'int8'.*float32"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": "two"}, "threads is 'two'"),
        ({"max_batch": True}, "max_batch is True"),
        ({"trust_remote_code": True}, "no argument 'trust_remote_code'"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Settings.read(arguments)


def test_arguments_are_read() -> None:
    assert Settings.read({"threads": 2, "dtype": "float32"}) == Settings(threads=2, dtype="float32")
