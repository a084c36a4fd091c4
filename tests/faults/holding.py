"""Stops a photo in the middle of one job: the row that the job begins with, or writes first, is kept waiting."""

from typing import Any

from immich_host.db.errors import DATABASE_FAILS
from tests.together.served import Served, until

KEY = 260_311_001

_SETUP = f"""
CREATE TABLE fault_hold (id serial PRIMARY KEY, name text NOT NULL, job text NOT NULL, point text NOT NULL);
CREATE FUNCTION fault_hold(wanted text, of_asset uuid, running text) RETURNS void LANGUAGE sql AS $$
  SELECT pg_advisory_xact_lock_shared({KEY}, h.id) FROM fault_hold h JOIN asset a ON a.original_file_name = h.name
  WHERE a.id = of_asset AND h.point = wanted AND CASE WHEN running IS NOT NULL THEN h.job = running
    ELSE EXISTS (SELECT FROM job_request r WHERE r.job = h.job AND r.started_at IS NOT NULL
                 AND r.failed_at IS NULL AND r.arguments->>'asset_id' = of_asset::text) END
$$;
CREATE FUNCTION fault_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.started_at IS NOT NULL AND NEW.attempts > OLD.attempts AND NEW.arguments ? 'asset_id' THEN
    PERFORM fault_hold('claim', (NEW.arguments->>'asset_id')::uuid, NEW.job);
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION fault_save() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  PERFORM fault_hold(TG_TABLE_NAME, coalesce(to_jsonb(NEW)->>'asset_id', to_jsonb(NEW)->>'id')::uuid, NULL);
  RETURN NEW;
END $$;
CREATE TRIGGER fault_claim BEFORE UPDATE ON job_request FOR EACH ROW EXECUTE FUNCTION fault_claim();
CREATE TRIGGER fault_save BEFORE INSERT OR UPDATE ON asset FOR EACH ROW EXECUTE FUNCTION fault_save();
CREATE TRIGGER fault_save BEFORE INSERT OR UPDATE ON asset_exif FOR EACH ROW EXECUTE FUNCTION fault_save();
CREATE TRIGGER fault_save BEFORE INSERT OR UPDATE ON asset_file FOR EACH ROW EXECUTE FUNCTION fault_save();
CREATE TRIGGER fault_save BEFORE INSERT OR UPDATE ON asset_job_status FOR EACH ROW EXECUTE FUNCTION fault_save();
"""


async def prepare(served: Served) -> None:
    """Once a server: the triggers."""
    connection = await served.connect()
    try:
        await connection.execute(_SETUP)
    finally:
        await connection.close()


class Holding:
    """While it is entered, jobs named by `hold` wait where they are told to; `release` lets them go."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.connection: Any = None
        self.amount = 0

    async def __aenter__(self) -> "Holding":
        self.connection = await self.served.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.release()

    async def hold(self, name: str, job: str, point: str) -> None:
        """Hold the asset of this file name in a job: at its `claim`, or when it would write to a table."""
        await self.connection.execute(
            f"""WITH made AS (INSERT INTO fault_hold (name, job, point) VALUES ($1, $2, $3) RETURNING id)
                SELECT pg_advisory_lock({KEY}, id) FROM made""",
            *(name, job, point),
        )
        self.amount += 1

    async def all_held(self) -> None:
        """Wait until there is a job that waits at each hold."""

        async def stand() -> bool:
            return await self.connection.fetchval(
                "SELECT count(DISTINCT objid) = $1 FROM pg_locks "
                "WHERE locktype = 'advisory' AND classid = $2 AND NOT granted",
                *(self.amount, KEY),
            )

        try:
            await until(stand)
        except AssertionError as error:
            raise AssertionError(await self._standing()) from error

    async def _standing(self) -> str:
        holds = await self.connection.fetch(
            """SELECT h.name, h.job, EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = h.id
                 AND NOT granted) AS stands FROM fault_hold h ORDER BY id"""
        )
        jobs = await self.connection.fetch(
            """SELECT r.job, a.original_file_name, r.run_at, r.started_at, r.beat_at, r.attempts, r.error
               FROM job_request r LEFT JOIN asset a ON a.id::text = r.arguments->>'asset_id' ORDER BY r.id"""
        )
        return "\n".join(
            [
                "not all jobs stand where they are held:",
                *(repr(dict(row)) for row in [*holds, *jobs]),
                *self.served.said[-30:],
            ]
        )

    async def release(self) -> None:
        """Let all go; where the database was killed, it has done so."""
        if self.connection is None:
            return
        connection, self.connection = self.connection, None
        try:
            await connection.execute("DELETE FROM fault_hold")
            await connection.close()
        except DATABASE_FAILS:
            connection.terminate()
            await self._forget()

    async def _forget(self) -> None:
        async def forgotten() -> bool:
            try:
                await self.served.sql("DELETE FROM fault_hold")
            except (*DATABASE_FAILS, RuntimeError):
                return False
            return True

        await until(forgotten)
