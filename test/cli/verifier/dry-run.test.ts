import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { localAdmin } from '../../../chain/local/admin-client.js'
import { createWallet } from '../../../chain/wallet/create.js'
import type { RunningLocalnet } from '../../../dev/localnet/server.js'
import type { Database } from '../../../ledger/database.js'
import { announceInterval, openIntervalRow } from '../../../ledger/intervals/intervals.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { insertIntervalProvers, upsertStandings } from '../../../ledger/provers/provers.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { TEST_PROFILE } from '../../../rules/profile.js'
import { startManual } from '../../chain/local-harness.js'
import { intervalProver, LENGTH, prover, recordFor, settlementOf } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { runCli } from '../run-cli.js'

const NETUID = 18

describe('fractal verifier --dry-run', function () {
  this.timeout(120_000)
  const database = useDatabase()
  let folder: string
  let server: RunningLocalnet
  let verifier: string
  /** The hotkey of uid 1. */
  let registered: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-dry-run-'))
    server = await startManual(join(folder, 'chain.json'))
    const wallet = { path: join(folder, 'wallets'), name: 'verifier', hotkey: 'default' }
    const { hotkey, coldkey } = await createWallet({ ...wallet, overwrite: false })
    verifier = hotkey
    const admin = localAdmin(server.url)
    await admin.call({ name: 'createSubnet', netuid: NETUID, params: {} })
    await admin.newBlocks(1)
    await admin.call({ name: 'register', netuid: NETUID, hotkey, coldkey })
    const prover = await createWallet({ ...wallet, name: 'prover', overwrite: false })
    await admin.call({ name: 'register', netuid: NETUID, ...addressesOf(prover) })
    registered = prover.hotkey
    await admin.call({ name: 'setStake', netuid: NETUID, hotkey, stakeRao: '1000000000' })
    await admin.newBlocks(8)
  })
  after(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  const dryRun = (...more: string[]) =>
    runCli(['verifier', '--dry-run', ...more], {
      env: {
        DATABASE_URL: database().url,
        FRACTAL_NETUID: String(NETUID),
        FRACTAL_SUBTENSOR_NETWORK: 'local',
        FRACTAL_SUBTENSOR_CHAIN_ENDPOINT: server.url,
        FRACTAL_WALLET_PATH: join(folder, 'wallets'),
        FRACTAL_WALLET_NAME: 'verifier',
      },
    })

  it('prints the weights of the newest settled interval and why, and changes nothing', async () => {
    const { db } = database()
    const before = await dryRun()
    assert.equal(before.code, 0, before.stderr)
    assert.match(before.stdout, /^no interval has settled yet/)

    const id = { netuid: NETUID, verifier }
    await openWith(db, id, registered)
    const settlement = settlementOf(1)
    settlement.provers[0]!.hotkey = registered
    await db.tx((tx) =>
      writeSettlement(tx, id, 1, { settlement, record: recordFor(1), read: null }),
    )
    const { code, stdout, stderr } = await dryRun()
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^interval 1, settled 20\S+; its own weights: none$/m)
    assert.match(stdout, /^ *1 +5\w+ +0\.0225 +65535 +0 +100\.0 % of all scores$/m)
    assert.match(stdout, /^ *2 +prover-2 +0\.0225 +0 +0 +no longer registered$/m)
    assert.match(stdout, /^the subnet takes them in the open$/m)
    assert.doesNotMatch(stdout, /less stake/)
    assert.match(stdout, /^Nothing was sent\.$/m)
    assert.equal(await weightSet(db, id, 1), null)

    const params = { minStakeRao: '1000000001' }
    const admin = localAdmin(server.url)
    await admin.call({ name: 'setParams', netuid: NETUID, params })
    // Until that is final.
    await admin.newBlocks(8)
    const json = JSON.parse((await dryRun('--json')).stdout)
    assert.deepEqual(json.vector, { kind: 'weights', uids: [1], values: [65535] })
    assert.match(json.when.join('\n'), /^the hotkey has less stake than weights need/m)
  })

  it('takes --json for itself alone', async () => {
    const { code, stderr } = await runCli(['verifier', '--json'])
    assert.equal(code, 2)
    assert.match(stderr, /--json is for --dry-run/)
  })
})

function addressesOf({ hotkey, coldkey }: { hotkey: string; coldkey: string }) {
  return { hotkey, coldkey }
}

/** Interval 1 with provers 1, by its hotkey, and 2. */
async function openWith(db: Database, id: VerifierId, hotkey: string): Promise<void> {
  await announceInterval(db, id, { n: 1, firstBlock: 1000, length: LENGTH })
  await db.tx(async (tx) => {
    const opening = {
      n: 1,
      firstBlockHash: 'ab'.repeat(32),
      openedAfter: null,
      profile: TEST_PROFILE,
    }
    await openIntervalRow(tx, id, opening)
    await upsertStandings(tx, id, [{ ...prover(1), hotkey }, prover(2)])
    await insertIntervalProvers(tx, id, 1, [{ ...intervalProver(1), hotkey }, intervalProver(2)])
  })
}
