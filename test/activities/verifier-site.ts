import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import { ClockWatch } from '../../activities/shared/clock-watch.js'
import { FinalityWatch } from '../../activities/shared/finality-watch.js'
import type { VerifierDeps } from '../../activities/verifier-deps.js'
import type { Signer } from '../../base/sr25519.js'
import type { Chain, SubnetParams } from '../../chain/chain.js'
import { sha256 } from '../../formats/sha256.js'
import type { Database } from '../../ledger/database.js'
import { LedgerError } from '../../ledger/errors.js'
import { acquireLease, putBaselineLastUpdate } from '../../ledger/intervals/lease.js'
import type { MechanismProfile } from '../../rules/profile.js'
import { TEST_PROFILE } from '../../rules/profile.js'
import type { ChainHarness } from '../chain/contract.js'
import { testSigner } from '../chain/keys.js'
import { makeLocalHarness, SILENT } from '../chain/local-harness.js'
import { FakeGenerator, fakeStateSize } from '../prover/fake-generator.js'

const PARAMS: Partial<SubnetParams> = {
  weightsRateLimit: 0,
  minAllowedWeights: 0,
  servingRateLimit: 0,
  commitReveal: false,
}
const FAKE = new FakeGenerator()

/** The fake engine's model, as challenges ask for it. */
const { grid: _, caps: __, knownAnswers: ___, ...STANDARD } = FAKE.descriptor
const MODEL = { ...STANDARD, root: FAKE.modelRoot }

/** Gives the surrounding suite a local chain without a clock: blocks come by `advance` alone. */
export function useChain(): () => ChainHarness {
  let harness: ChainHarness | undefined
  before(async () => {
    harness = await makeLocalHarness({ blockMs: 200, allowLoopback: true, finalityLag: 2 })
  })
  after(() => harness?.close())
  return () => harness!
}

export interface VerifierSite {
  readonly deps: VerifierDeps
  readonly harness: ChainHarness
  readonly signer: Signer
  /** Its own, in this test's subnet; uid 0 is the verifier's. */
  readonly provers: readonly Signer[]
  /** Of the provers' test keys. */
  readonly proverNames: readonly string[]
  readonly netuid: number
}

let sites = 0

/** A registered verifier with the lease and a permit, in a subnet of its own with some provers. */
export async function makeVerifier(
  harness: ChainHarness,
  db: Database,
  options: {
    params?: Partial<SubnetParams>
    provers?: number
    profile?: Partial<MechanismProfile>
    /** Whose videos are judged; by default the fake's. */
    model?: Pick<VerifierDeps, 'model' | 'stateSize'>
  } = {},
): Promise<VerifierSite> {
  sites += 1
  const netuid = await harness.makeSubnet({ ...PARAMS, ...options.params })
  const signer = testSigner(`verifier ${sites}`)
  const proverNames = Array.from(
    { length: options.provers ?? 3 },
    (_, i) => `prover ${i} of ${sites}`,
  )
  const provers = proverNames.map(testSigner)
  await harness.register(
    netuid,
    [signer, ...provers].map(({ ss58 }) => ss58),
  )
  await harness.setStake(netuid, signer.ss58, 10n ** 15n)
  // All of them in finalized blocks.
  await harness.advance(2)
  const id = { netuid, verifier: signer.ss58 }
  const lease = await acquireLease(db, id, 'this test')
  if (!('fence' in lease)) throw new Error('another test has the lease')
  const { neurons } = await harness.chain.metagraph(netuid)
  await putBaselineLastUpdate(db, id, neurons[0]!.lastUpdate)
  let secrets = 0
  const deps: VerifierDeps = {
    id,
    db,
    chain: harness.chain,
    finality: new FinalityWatch(harness.chain, SILENT),
    signer,
    profile: { ...TEST_PROFILE, ...options.profile },
    fence: () => lease.fence,
    allowPrivateAddresses: true,
    mayVerify: () => false,
    clock: new ClockWatch(SILENT),
    ...(options.model ?? { model: MODEL, stateSize: fakeStateSize }),
    corpus: [],
    settings: {
      inferenceQueue: 'inference',
      gpuQueue: 'gpu-cpu',
      ledgerPatienceSeconds: 90,
      auditPatienceSeconds: 60,
      setWeights: true,
    },
    gpus: 1,
    countVerdicts: () => undefined,
    log: SILENT,
    newSecret: () => {
      secrets += 1
      return sha256(new TextEncoder().encode(`secret ${secrets} of ${signer.ss58}`))
    },
  }
  return { deps, harness, signer, provers, proverNames, netuid }
}

/** The chain with some of its calls replaced. */
export function chainWith(chain: Chain, changes: Partial<Chain>): Chain {
  return new Proxy(chain, {
    get(target, name) {
      const given = Reflect.get(changes, name)
      if (given !== undefined) return given
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Where PostgreSQL has no processor for so long, a busy machine is the reason. */
const TRIES = 3

/**
 * Runs an activity as Temporal does, but for the retries: only what could not reach PostgreSQL is tried again.
 * @param options.onBeat called with each heartbeat's text: what a test does while the activity waits
 */
export async function run<I, R>(
  activity: (input: I) => Promise<R>,
  input: I,
  { onBeat }: { onBeat?: (details: string) => Promise<void> } = {},
): Promise<R> {
  const env = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') })
  // One after another: what a beat starts is over before the next one's begins.
  let beats: Promise<void> = Promise.resolve()
  env.on('heartbeat', (details: string) => {
    if (onBeat !== undefined && details !== '') beats = beats.then(() => onBeat(details))
  })
  try {
    for (let left = TRIES; ; left -= 1) {
      try {
        return await env.run(activity, input)
      } catch (error) {
        if (left === 1 || !isUnavailable(error)) throw error
      }
    }
  } finally {
    await beats
  }
}

function isUnavailable(error: unknown): boolean {
  return error instanceof LedgerError && error.code === 'ledger_unavailable'
}

/**
 * Makes the blocks that an activity waits for, from a heartbeat's `block 3 of 7`. A heartbeat that is repeated
 * while they come, as each second's is, asks for no more of them.
 */
export async function makeBlocksWaitedFor(
  { deps, harness }: VerifierSite,
  details: string,
): Promise<void> {
  const [, of] = [...details.matchAll(/\d+/g)].map(Number)
  const { number } = await deps.chain.finalized()
  if (of! > number) await harness.advance(of! - number)
}
