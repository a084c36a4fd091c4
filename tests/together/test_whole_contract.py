"""The OpenAPI document with all plugins against Immich's contract: every operation that is there is exact."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from immich_host.app import openapi_document

SHARED = Path(__file__).parents[3] / "shared"
CONTRACT = SHARED / "api" / "immich-api-3.2.2.json"
CHECKER = SHARED / "tools" / "check_contract.py"
NOT_YET = {
    *("Authentication (admin)", "Database Backups (admin)", "Libraries", "Maintenance (admin)", "Plugins", "Views"),
    "Workflows",
}
"""Tags of which nothing is there."""
NOT_YET_OF = {"Assets": "/edits", "Authentication": "/oauth/"}
"""What of a tag is not there: a part of the path."""


@pytest.mark.skipif(not CONTRACT.exists(), reason="the contract is not beside this checkout")
def test_every_operation_is_as_the_contract_has_it(tmp_path: Path) -> None:
    mine = tmp_path / "openapi.json"
    mine.write_text(json.dumps(openapi_document()))
    command = [sys.executable, str(CHECKER), "--contract", str(CONTRACT), "--server-spec", str(mine), "--strict"]
    report = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=False).stdout)
    wrong = [
        (each["method"], each["path"], finding)
        for each in report["operations"]
        for section in ("parameters", "request", "response")
        for finding in each[section]
        if finding["severity"] in ("missing", "differs")
    ]
    assert wrong == []
    absent = [
        (each["tag"], each["path"])
        for each in report["operations"]
        if not each["present"] and NOT_YET_OF.get(each["tag"], "no path has this") not in each["path"]
    ]
    assert {tag for tag, _ in absent} == NOT_YET, absent
