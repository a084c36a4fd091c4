"""Runs a supervisor over stub.py: `python supervised.py DATA WORKERS [embedded]`."""

import os
import sys
from pathlib import Path

from immich_host.runtime import supervisor
from immich_host.runtime.plan import Plan

if __name__ == "__main__":
    data, workers, *embedded = sys.argv[1:]
    plan = Plan(
        data=Path(data),
        host="127.0.0.1",
        port=0,
        api_processes=1,
        work_processes=int(workers),
        database_url=None if embedded else "postgresql://nowhere",
        redis_url=None if embedded else "redis://nowhere",
        as_json=False,
        program=(sys.executable, "-P", str(Path(__file__).with_name("stub.py"))),
    )
    supervisor.PROCESS_PATIENCE = float(os.environ.get("SUPERVISED_PATIENCE", supervisor.PROCESS_PATIENCE))
    supervisor.supervise(plan)
