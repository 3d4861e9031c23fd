import type { Database } from '../../ledger/database.js'
import { announceInterval, openIntervalRow } from '../../ledger/intervals/intervals.js'
import { putCertificate } from '../../ledger/judging/certificates.js'
import { insertIntervalProvers, upsertStandings } from '../../ledger/provers/provers.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { TEST_PROFILE } from '../../rules/profile.js'
import type { GridProver } from './grid-prover.js'

const LENGTH = 20

/** Announces and opens interval n with these provers in it, all of the verifier's class, in Bronze. */
export async function openGridInterval(
  db: Database,
  id: VerifierId,
  provers: readonly GridProver[],
  n = 1,
): Promise<void> {
  await announceInterval(db, id, { n, firstBlock: 1000 + (n - 1) * LENGTH, length: LENGTH })
  const rows = provers.map(({ hotkey, generator, capacity, node }, i) => ({
    hotkey,
    registeredBlock: 100 + i,
    uid: i + 1,
    coldkey: `coldkey of ${hotkey}`,
    axonIp: '127.0.0.1',
    axonPort: node.port,
    stakeRao: 0n,
    validatorPermit: false,
    tier: 'bronze' as const,
    totalSuccesses: 0,
    scorePpm: 0,
    determinismClass: generator.determinismClass,
    modelRoot: generator.modelRoot,
    capacity,
    reachable: true,
    unreachableReason: null,
  }))
  for (const { determinismClass, modelRoot } of rows.slice(0, 1)) {
    await putCertificate(db, {
      ...{ determinismClass, modelRoot, exact: true, runs: 4, processes: 2 },
      ...{
        usPerWork: 1_000_000,
        coldUs: 0,
        spotCheckUsPerPixel: 1_000_000,
        profile: 'test',
        framesSha256: 'aa'.repeat(32),
        stepDeviation: 0,
        frameDeviation: 0,
      },
    })
  }
  await db.tx(async (tx) => {
    await openIntervalRow(tx, id, {
      n,
      firstBlockHash: 'ab'.repeat(32),
      openedAfter: null,
      profile: TEST_PROFILE,
    })
    await upsertStandings(tx, id, rows)
    await insertIntervalProvers(tx, id, n, rows)
  })
}
