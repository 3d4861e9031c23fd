import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** When a transaction is about to write what became of an interval's weights. */
export type WeightsMoment =
  | `${'stored' | 'ended'} ${'set' | 'commit' | 'reveal' | 'timelock'}`
  // Of a commit that the chain reveals: found to be revealed.
  | 'shown'
  | 'confirmed'

/** Any number: it names the lock. */
const LOCK = 4217

const INSTALL = `
CREATE TABLE test_gate (n integer NOT NULL, moment text NOT NULL);
CREATE FUNCTION test_gate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here text;
BEGIN
  IF TG_TABLE_NAME = 'weight_sets' THEN
    IF NEW.state = 'confirmed' THEN here := 'confirmed'; END IF;
    IF OLD.state = 'committed' AND NEW.state = 'included' THEN here := 'shown'; END IF;
  ELSIF TG_OP = 'INSERT' THEN
    here := 'stored ' || NEW.step;
  ELSIF OLD.result IS NULL AND NEW.result IS NOT NULL THEN
    here := 'ended ' || NEW.step;
  END IF;
  IF EXISTS (SELECT 1 FROM test_gate g WHERE g.n = NEW.n AND g.moment = here) THEN
    PERFORM pg_advisory_xact_lock(${LOCK});
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER test_gate BEFORE INSERT OR UPDATE ON weight_extrinsics FOR EACH ROW EXECUTE FUNCTION test_gate();
CREATE TRIGGER test_gate BEFORE UPDATE ON weight_sets FOR EACH ROW EXECUTE FUNCTION test_gate();`

/**
 * Stops a process inside the transaction that would write a moment, so that it can be killed there:
 * what it did on the chain is done, and the ledger does not know yet. Nothing of it is in the product:
 * triggers of this test's own database wait for a lock that the test holds.
 */
export class WeightsGate {
  readonly #client: pg.Client

  private constructor(client: pg.Client) {
    this.#client = client
  }

  static async install(url: string): Promise<WeightsGate> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(INSTALL)
    return new WeightsGate(client)
  }

  /** Whoever comes to this moment of the interval's weights stops there. */
  async arm(n: number, moment: WeightsMoment): Promise<void> {
    await this.#client.query('SELECT pg_advisory_lock($1)', [LOCK])
    await this.#client.query('INSERT INTO test_gate VALUES ($1, $2)', [n, moment])
  }

  /** Whether somebody stands there. */
  async isReached(): Promise<boolean> {
    const waiting = await this.#client.query(
      `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted`,
      [LOCK],
    )
    return waiting.rowCount !== 0
  }

  /** Opens the gate; the transaction of a process that is dead is rolled back. */
  async open(): Promise<void> {
    await this.#client.query('DELETE FROM test_gate')
    await this.#client.query('SELECT pg_advisory_unlock_all()')
    while (await this.isReached()) await sleep(20)
  }

  async close(): Promise<void> {
    await this.#client.end()
  }
}
