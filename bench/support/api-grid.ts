import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createLog } from '../../base/log.js'
import type { Signer } from '../../base/sr25519.js'
import { connectLocalChain } from '../../chain/local/adapter.js'
import { createWallet } from '../../chain/wallet/create.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { startLocalnet } from '../../dev/localnet/server.js'
import { freePort } from '../../dev/process/ports.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import { announceInterval, openIntervalRow } from '../../ledger/intervals/intervals.js'
import { createApiKey } from '../../ledger/keys/api-keys.js'
import { insertIntervalProvers, upsertStandings } from '../../ledger/provers/provers.js'
import { migrate } from '../../ledger/schema/migrate.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { DEMO_PROFILE } from '../../rules/profile.js'
import { spawnTestRole } from '../../test/support/spawn-role.js'
import { startStores } from './start-stores.js'
import { CLASS, MODEL_ROOT, NETUID } from './stub-video.js'

/** After each outcome a prover is left alone for up to two seconds: so many that one is always free. */
const PROVERS = 1024
/** Above all that is asked at once: the bench measures the gateway, not its limits. */
const CAPACITY = 64
const SECRET = 'the secret of a bench'
const log = createLog('bench', 'error')

/** One API, one inference worker, instant provers, each a process of its own, on real stores. */
export interface BenchGrid {
  readonly apiUrl: string
  readonly apiPid: number
  readonly key: string
  readonly db: Database
  readonly id: VerifierId
  readonly temporalAddress: string
  readonly signer: Signer
  readonly genesisHash: string
  readonly provers: readonly { hotkey: string; port: number }[]
  /** Port of what answers POST /v1/videos at once, as OpenAI would. */
  readonly openai: number
  /** Port of the proxy to it, and to the first prover, that does no work. */
  readonly proxy: number
  /** A temporary one, removed by `stop`. */
  readonly folder: string
  stop(): Promise<void>
}

export async function startBenchGrid(): Promise<BenchGrid> {
  const closers: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const { folder, databaseUrl, temporalAddress } = await startStores(closers, log, {
      max_connections: '200',
    })
    const statePath = join(folder, 'chain.json')
    const localnet = await startLocalnet({
      ...{ port: 0, statePath, manual: true, log },
      genesis: [{ name: 'createSubnet', netuid: NETUID, params: {} }],
    })
    closers.push(() => localnet.close())
    const chain = await connectLocalChain(localnet.url)
    const { genesisHash } = chain
    await chain.close()
    const wallet = { path: join(folder, 'wallets'), name: 'verifier', hotkey: 'default' }
    await createWallet({ ...wallet, overwrite: false })
    const signer = await loadHotkey(wallet)
    const id = { netuid: NETUID, verifier: signer.ss58 }
    await migrate(databaseUrl, { log })
    const db = openDatabase({ url: databaseUrl, applicationName: 'fractal-bench', max: 4, log })
    closers.push(() => db.close())
    const stub = await startStub([String(PROVERS), genesisHash, signer.ss58])
    closers.push(() => stub.stop())
    await openBenchInterval(db, id, stub.provers)
    const { secret: key } = await createApiKey(db, {
      ...{ name: 'bench', scopes: ['generate', 'read'] },
      ...{ requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0, reusePrompts: true },
    })
    const [port, inferencePort] = [await freePort(), await freePort()]
    const stores = {
      netuid: NETUID,
      'logging.level': 'error',
      'database.url': databaseUrl,
      'temporal.address': temporalAddress,
      'inference.secret': SECRET,
    }
    const roles = await Promise.all([
      spawnTestRole(
        'api',
        {
          ...stores,
          'api.port': port,
          'api.verifier': signer.ss58,
          'inference.url': `http://127.0.0.1:${inferencePort}`,
        },
        folder,
      ),
      spawnTestRole(
        'inference-worker',
        {
          ...stores,
          'inference.port': inferencePort,
          'subtensor.chain_endpoint': localnet.url,
          'wallet.path': wallet.path,
          'wallet.name': wallet.name,
          profile: 'demo',
          'chain.allow_private_addresses': true,
        },
        folder,
      ),
    ])
    closers.push(() => Promise.all(roles.map((role) => role.stop(100))))
    return {
      ...{ apiUrl: `http://127.0.0.1:${port}`, apiPid: roles[0]!.pid, key, db, id, signer },
      temporalAddress,
      ...{
        genesisHash,
        provers: stub.provers,
        openai: stub.openai,
        proxy: stub.proxy,
        folder,
        stop,
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startStub(args: string[]) {
  const script = fileURLToPath(new URL('./stub-prover.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    // It ends when its input does, so also with a bench that is killed.
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  return {
    ...(JSON.parse(line) as Pick<BenchGrid, 'provers' | 'openai' | 'proxy'>),
    stop: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function openBenchInterval(
  db: Database,
  id: VerifierId,
  provers: readonly { hotkey: string; port: number }[],
): Promise<void> {
  await announceInterval(db, id, { n: 1, firstBlock: 1, length: 360 })
  const rows = provers.map(({ hotkey, port }, i) => ({
    ...{ hotkey, registeredBlock: i, uid: i, coldkey: hotkey, axonIp: '127.0.0.1', axonPort: port },
    ...{ stakeRao: 0n, validatorPermit: false, tier: 'challenger' as const, totalSuccesses: 0 },
    ...{ scorePpm: 0, determinismClass: CLASS, modelRoot: MODEL_ROOT, capacity: CAPACITY },
    ...{ reachable: true, unreachableReason: null },
  }))
  await db.tx(async (tx) => {
    await openIntervalRow(tx, id, {
      ...{ n: 1, firstBlockHash: 'ab'.repeat(32), openedAfter: null, profile: DEMO_PROFILE },
    })
    await upsertStandings(tx, id, rows)
    await insertIntervalProvers(tx, id, 1, rows)
  })
}
