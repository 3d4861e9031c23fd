import { randomInt, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInferenceActivities } from '../../../activities/inference-activities.js'
import type { InferenceDeps } from '../../../activities/inference-deps.js'
import { createNextInterval } from '../../../activities/interval/next-interval.js'
import { createOpenInterval } from '../../../activities/interval/open-interval.js'
import { ProverRoutes } from '../../../activities/video/prover-routes.js'
import { RunningJobs } from '../../../activities/video/running-jobs.js'
import { workOf } from '../../../formats/generation.js'
import type { WorkShape } from '../../../formats/video-shape.js'
import { openDatabase } from '../../../ledger/database.js'
import { putCertificate } from '../../../ledger/judging/certificates.js'
import { JobSignals } from '../../../ledger/requests/job-signals.js'
import { type MechanismProfile, PRODUCTION_PROFILE } from '../../../rules/profile.js'
import { classNamed } from '../../activities/stand-in.js'
import { makeVerifier, run, type VerifierSite } from '../../activities/verifier-site.js'
import type { ChainHarness } from '../../chain/contract.js'
import { SILENT } from '../../chain/local-harness.js'
import type { TestDatabase } from '../postgres.js'
import type { CapturedConnection } from './capturing-relay.js'
import { ProversApart } from './provers-apart.js'

const BLOCK_MS = 200
const MOST_TRIES = 20
const RETRY_MS = 200

export interface TrafficSetup {
  readonly provers: number
  /** How long a GPU takes for a standard video. */
  readonly videoMs: number
  readonly intervalBlocks: number
  /** Rounds of challenges in each interval. */
  readonly rounds: number
  /** From the model's corpus; none: the grammar of the shipped model. */
  readonly corpus: readonly string[]
}

/**
 * A verifier's asking side, all real, and real provers behind relays that keep what comes in over the wire. Only the
 * GPUs are made up.
 */
export class TrafficSite {
  readonly #stops: (() => Promise<unknown>)[] = []
  #provers: ProversApart | null = null

  private constructor(
    readonly verifier: VerifierSite,
    readonly deps: InferenceDeps,
    readonly setup: TrafficSetup,
  ) {}

  static async open(
    harness: ChainHarness,
    { url }: TestDatabase,
    setup: TrafficSetup,
  ): Promise<TrafficSite> {
    const applicationName = 'fractal-test'
    // As many connections as an inference worker has.
    const db = openDatabase({ url, applicationName, max: 16, log: SILENT })
    const profile: Partial<MechanismProfile> = {
      intervalBlocks: setup.intervalBlocks,
      sampleSize: PRODUCTION_PROFILE.sampleSize,
      rounds: { max: setup.rounds },
    }
    const verifier = await makeVerifier(harness, db, { provers: setup.provers, profile })
    // As many as it takes for so many rounds.
    Object.assign(verifier.deps, { corpus: setup.corpus, gpus: 1_000 })
    const { deps } = verifier
    const signals = new JobSignals({ url, applicationName, log: SILENT })
    const jobs = new RunningJobs(db, signals)
    const inference: InferenceDeps = {
      ...deps,
      jobs,
      genesisHash: deps.chain.genesisHash,
      routes: new ProverRoutes(db, deps.id),
      block: () => 0,
      deadlineFloorMs: deps.profile.deadlineFloorMs,
      hedgeFloorMs: deps.profile.deadlineFloorMs,
      random: (below) => randomInt(below),
      newRequestId: randomUUID,
    }
    const site = new TrafficSite(verifier, inference, setup)
    site.#stops.push(
      async () => jobs.close(),
      () => signals.close(),
      () => db.close(),
    )
    site.#provers = await site.#serve(harness)
    const ticking = new AbortController()
    const ticks = site.#tick(harness, ticking.signal)
    site.#stops.unshift(() => {
      ticking.abort()
      return ticks
    })
    return site
  }

  /** What a GPU takes for it, in milliseconds. */
  msOf = (shape: WorkShape): number =>
    (this.setup.videoMs * workOf(shape)) / workOf(this.verifier.deps.model)

  get blockMs(): number {
    return BLOCK_MS
  }

  get intervalMs(): number {
    return BLOCK_MS * this.setup.intervalBlocks
  }

  /** Opens the interval after that one, as the verifier does, and runs its rounds at their moments. */
  async interval(after: number): Promise<{ startedMs: number; done: Promise<unknown> }> {
    const { deps } = this.verifier
    const { n } = await run(createNextInterval(deps), { after })
    const { rounds } = await run(createOpenInterval(deps), { n })
    const startedMs = performance.timeOrigin + performance.now()
    const { askRound, askWide } = createInferenceActivities(this.deps)
    const asked = rounds.map(async ({ kind, round, dueInMs }) => {
      await sleep(dueInMs)
      await retried<unknown>(() =>
        kind === 'wide' ? run(askWide, { n, round }) : run(askRound, { n, round }),
      )
    })
    return { startedMs, done: Promise.all([...asked, sleep(this.intervalMs)]) }
  }

  /** What each prover was sent until now. */
  async captured(): Promise<readonly (readonly CapturedConnection[])[]> {
    return (await this.#provers?.captured()) ?? []
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) await stop()
  }

  async #serve(harness: ChainHarness): Promise<ProversApart> {
    const { deps, proverNames, netuid } = this.verifier
    const determinismClass = classNamed(deps.id.verifier)
    await putCertificate(deps.db, {
      determinismClass,
      modelRoot: deps.model.root,
      exact: true,
      runs: 4,
      processes: 2,
      usPerWork: Math.floor((this.setup.videoMs * 1e9) / workOf(deps.model)),
      coldUs: 0,
      spotCheckUsPerPixel: 1_000_000,
      profile: 'test',
      framesSha256: 'aa'.repeat(32),
      stepDeviation: 0,
      frameDeviation: 0,
    })
    const folder = await mkdtemp(join(tmpdir(), 'fractal-traffic-'))
    this.#stops.push(() => rm(folder, { recursive: true, force: true }))
    const provers = await ProversApart.start({
      names: proverNames,
      netuid,
      genesisHash: deps.chain.genesisHash,
      determinismClass,
      folder,
      videoMs: this.setup.videoMs,
      standardWork: workOf(deps.model),
    })
    this.#stops.unshift(() => provers.close())
    let waits = true
    const serving = Promise.all(
      this.verifier.provers.map((signer, i) =>
        deps.chain.serveAxon(signer, netuid, { ip: '127.0.0.1', port: provers.ports[i]! }),
      ),
    ).finally(() => {
      waits = false
    })
    while (waits) await harness.advance(1)
    await serving
    return provers
  }

  /** Blocks come as time goes by. */
  async #tick(harness: ChainHarness, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await harness.advance(1)
      await sleep(BLOCK_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

/** As Temporal does it: on a machine that is busy Postgres may not answer in time. */
export async function retried<T>(activity: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await activity()
    } catch (error) {
      if (tries === MOST_TRIES) throw error
      await sleep(RETRY_MS)
    }
  }
}
