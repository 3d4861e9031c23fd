import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGpuActivities } from '../../../activities/gpu-activities.js'
import type { GpuDeps } from '../../../activities/gpu-deps.js'
import { createNextInterval } from '../../../activities/interval/next-interval.js'
import { createOpenInterval } from '../../../activities/interval/open-interval.js'
import { createGiveVerdicts } from '../../../activities/judging/give-verdicts.js'
import { createAskRound } from '../../../activities/rounds/ask-round.js'
import { createAskWide } from '../../../activities/rounds/ask-wide.js'
import type { VerifierDeps } from '../../../activities/verifier-deps.js'
import { attemptResult } from '../../../activities/video/attempt-result.js'
import type { Signer } from '../../../base/sr25519.js'
import type { Engine } from '../../../engine/engine.js'
import { standardOf } from '../../../engine/model/known-answers.js'
import type { Generator } from '../../../engine/pipeline/generator.js'
import { generationBody, workOf } from '../../../formats/generation.js'
import type { Database } from '../../../ledger/database.js'
import { planRounds } from '../../../ledger/intervals/plans.js'
import { putCertificate } from '../../../ledger/judging/certificates.js'
import { type CheckKind, verdictsOf } from '../../../ledger/judging/verdicts.js'
import { intervalProvers } from '../../../ledger/provers/provers.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { putFrames } from '../../../ledger/requests/frames.js'
import { CAPACITY_PER_GPU } from '../../../rules/constants.js'
import type { MechanismProfile } from '../../../rules/profile.js'
import { requestGeneration } from '../../../wire/client.js'
import { encodeBody } from '../../../wire/generation-body.js'
import type { ChainHarness } from '../../chain/contract.js'
import { SILENT } from '../../chain/local-harness.js'
import { attempt, newJob } from '../../ledger/fixtures.js'
import { startTestProver, type TestProver } from '../../support/test-prover.js'
import { type Course, classNamed, StandIn } from '../stand-in.js'
import { makeBlocksWaitedFor, makeVerifier, run, type VerifierSite } from '../verifier-site.js'
import { type Served, type Tamper, tamperedLine } from './tampered-line.js'

/** One round in which everybody is asked. */
const PROFILE: Partial<MechanismProfile> = {
  sampleSize: 8,
  rounds: { max: 1 },
}

/**
 * How a prover behaves: as its engine does, an hour `late` by its clock, `refusing` everything (`growing`: with another
 * GPU each time it is asked how many it has; `impossible`: not as too many, but as impossible), `away`, or honest on a
 * line that somebody else holds (`tampered`).
 */
export type Behaviour = Course | 'other class' | 'late clock' | Refusing | 'away' | 'tampered'

type Refusing = 'refusing' | 'growing' | 'impossible'

/** A real engine in place of the stand-ins: each prover's, and the GPU worker's. */
export interface RealEngines {
  readonly gpu: Engine
  readonly provers: readonly Generator[]
}

/** A verifier with real provers on loopback and a GPU stand-in, one interval after another. */
export class IntervalSite {
  readonly #served: Served[] = []
  /** How far each prover's clock is behind, from now on. Milliseconds. */
  readonly clocksBehindMs: number[] = []
  /** What the line of `tampered` provers makes of an answer. */
  tamper: Tamper = (answer) => ({ pieces: [answer], end: 'close' })
  /** Whether provers admit our requests: false when we have no permit. */
  admitted = true
  private constructor(
    readonly verifier: VerifierSite,
    /** The verifier's, and its provers' but for those of another class. */
    readonly determinismClass: string,
    /** The GPU worker's: the verifier's, unless it has a user of its own. */
    private readonly gpuDb: Database,
    private readonly real: RealEngines | null,
  ) {}

  static async open(
    harness: ChainHarness,
    db: Database,
    behaviours: readonly Behaviour[],
    profile: Partial<MechanismProfile> = {},
    gpuDb: Database = db,
    real: RealEngines | null = null,
  ): Promise<IntervalSite> {
    const verifier = await makeVerifier(harness, db, {
      provers: behaviours.length,
      profile: { ...PROFILE, ...profile },
      ...(real === null ? {} : { model: modelOf(real.gpu) }),
    })
    const name = real?.gpu.determinismClass ?? classNamed(verifier.signer.ss58)
    const site = new IntervalSite(verifier, name, gpuDb, real)
    await putCertificate(gpuDb, {
      determinismClass: site.determinismClass,
      modelRoot: verifier.deps.model.root,
      exact: true,
      runs: 4,
      processes: 2,
      usPerWork: 1_000_000,
      coldUs: 0,
      spotCheckUsPerPixel: 1_000_000,
      profile: 'test',
      framesSha256: 'aa'.repeat(32),
      stepDeviation: 0,
      frameDeviation: 0,
    })
    for (const [i, behaviour] of behaviours.entries()) {
      await site.#serve(verifier.provers[i]!, behaviour)
    }
    return site
  }

  /** The i-th of those that serve is gone. */
  async stop(i: number): Promise<void> {
    const [gone] = this.#served.splice(i, 1)
    await gone!.close()
  }

  /** The i-th of those that serve is being restarted. @returns starts it again */
  pause(i: number): Promise<() => Promise<void>> {
    const { pause } = this.#served[i]!
    assert.ok(pause, 'a prover')
    return pause()
  }

  async close(): Promise<void> {
    await Promise.all(this.#served.splice(0).map((server) => server.close()))
  }

  async #serve(signer: Signer, behaviour: Behaviour): Promise<void> {
    const { harness, netuid } = this.verifier
    const { chain } = harness
    // Port 1: nobody listens there.
    const served = behaviour === 'away' ? null : await this.#start(signer, behaviour)
    if (served !== null) this.#served.push(served)
    // Networks of their own: who is away in the others' is the verifier's own fault.
    const away = { ip: `127.0.${this.verifier.provers.indexOf(signer) + 1}.1`, port: 1 }
    const address = served === null ? away : { ip: '127.0.0.1', port: served.port }
    // Its submit comes before its question for the block, which is what the next block answers.
    let waits = true
    const serving = chain.serveAxon(signer, netuid, address).finally(() => {
      waits = false
    })
    while (waits) await harness.advance(1)
    await serving
  }

  async #start(signer: Signer, behaviour: Exclude<Behaviour, 'away'>): Promise<Served> {
    if (behaviour === 'refusing' || behaviour === 'growing' || behaviour === 'impossible') {
      return refuser(signer, this.determinismClass, behaviour)
    }
    if (behaviour === 'tampered') {
      const prover = await this.#start(signer, 'honest')
      return tamperedLine(prover, (...answer) => this.tamper(...answer))
    }
    const place = this.verifier.provers.indexOf(signer)
    const other = behaviour === 'other class'
    const late = behaviour === 'late clock'
    const { deps, netuid } = this.verifier
    const keepDir = await mkdtemp(join(tmpdir(), 'fractal-prover-'))
    const options: TestProver = {
      engines: [
        this.real?.provers[place] ??
          (other
            ? new StandIn(classNamed(`not ${this.determinismClass}`))
            : new StandIn(this.determinismClass, late ? 'honest' : behaviour)),
      ],
      ...{ signer, netuid, keepDir },
      genesisHash: deps.chain.genesisHash,
      lookup: async () => ({ validatorPermit: this.admitted, stakeRao: 1000n }),
      blacklist: { forceVerifierPermit: true, allowNonRegistered: false },
      now: () => Date.now() - (late ? 3_600_000 : (this.clocksBehindMs[place] ?? 0)),
    }
    let prover = await startTestProver(options)
    const { port } = prover
    const close = async () => {
      await prover.close()
      await rm(keepDir, { recursive: true, force: true })
    }
    const pause = async () => {
      await prover.close()
      return async () => {
        prover = await startTestProver({ ...options, port })
      }
    }
    return { port, close, pause }
  }

  /** Waits for the interval after this one, while blocks come. */
  next(after: number) {
    return run(
      createNextInterval(this.verifier.deps),
      { after },
      { onBeat: (details) => makeBlocksWaitedFor(this.verifier, details) },
    )
  }

  /** Announces and opens the next interval. */
  async begin(after = 0) {
    const { n } = await this.next(after)
    return run(createOpenInterval(this.verifier.deps), { n })
  }

  /** Asks the provers of every round of challenges, one round after another, after the interval's last block. */
  async ask(n: number): Promise<void> {
    const { deps, harness } = this.verifier
    await harness.advance(deps.profile.intervalBlocks)
    for (const { kind, round } of await planRounds(deps.db, deps.id, n)) {
      if (kind === 'challenge') await run(createAskRound(deps, null), { n, round })
    }
  }

  /** Asks every prover at the same instant. */
  askWide(n: number, round = 0) {
    return run(createAskWide(this.verifier.deps), { n, round })
  }

  /** @param changes how this GPU worker differs from a sound one */
  recompute(n: number, what: { round: number } | 'audits', changes: Partial<GpuDeps> = {}) {
    const { recompute } = createGpuActivities(this.#gpu(changes))
    return run(recompute, { ...this.verifier.deps.id, n, what })
  }

  /** @param changes as of `recompute` */
  computeSpotChecks(n: number, changes: Partial<GpuDeps> = {}) {
    const { computeSpotChecks } = createGpuActivities(this.#gpu(changes))
    return run(computeSpotChecks, { ...this.verifier.deps.id, n })
  }

  #gpu(changes: Partial<GpuDeps>): GpuDeps {
    return {
      db: this.gpuDb,
      generator: this.#engine(),
      openFresh: async () => this.#engine(),
      taskEnded: () => {},
      log: SILENT,
      ...changes,
    }
  }

  /**
   * A user's request, sent to the i-th prover, and what it answered recorded.
   * @returns its request id
   */
  async serve(n: number, i: number, { seed = 7 + i }: { seed?: number } = {}): Promise<string> {
    const { deps, provers } = this.verifier
    const { db, id } = deps
    const { name: model, root, ...shape } = deps.model
    const { inferenceId } = await newJob(db, id, { ...shape, seed, apiKeyId: `key ${i}` })
    const requestId = randomUUID()
    const params = { ...shape, seed, prompt: `a red ball rolls ${seed}`, negativePrompt: '' }
    const { bytes, sha256 } = encodeBody({
      ...generationBody(params, { request_id: requestId, model }),
      deadline_ms: 30_000,
    })
    const prover = (await intervalProvers(db, id, n)).find(
      ({ hotkey }) => hotkey === provers[i]!.ss58,
    )!
    const { hotkey, registeredBlock } = prover
    await startAttempts(db, id, [
      attempt(1, {
        ...{ inferenceId, requestId, hotkey, registeredBlock },
        ...{ body: bytes, bodySha256: sha256, work: workOf(params), apiKeyId: `key ${i}` },
      }),
    ])
    const outcome = await requestGeneration({
      address: { ip: prover.axonIp!, port: prover.axonPort! },
      receiver: hotkey,
      signer: deps.signer,
      body: bytes,
      expected: params,
      terms: { genesisHash: deps.chain.genesisHash, netuid: id.netuid },
      modelRoot: root,
      allowPrivate: true,
      mayVerify: () => false,
      deadlineMs: 30_000,
      onFrame: (index, _, zlib) => putFrames(db, requestId, [{ index, zlib }]),
    })
    await recordOutcomes(db, id, [
      { requestId, verdict: null, ...attemptResult(outcome, { resent: false }) },
    ])
    return requestId
  }

  #engine(): Engine {
    return this.real?.gpu ?? new StandIn(this.determinismClass)
  }

  judge(n: number, final = false) {
    return run(createGiveVerdicts(this.verifier.deps), { n, round: null, final })
  }

  /** What stands, by prover: the first one's first; with `kind` of such checks only. */
  async verdicts(n: number, kind?: CheckKind) {
    const { deps, provers } = this.verifier
    const all = await verdictsOf(deps.db, deps.id, n)
    const rows = all.filter((row) => kind === undefined || row.kind === kind)
    return provers.map(({ ss58 }) => {
      const own = rows.filter(({ hotkey }) => hotkey === ss58)
      return own.map(({ verdict, reason, rewardPpm }) => [verdict, reason, rewardPpm])
    })
  }
}

function modelOf(engine: Engine): Pick<VerifierDeps, 'model' | 'stateSize'> {
  const descriptor = engine.descriptor!
  return {
    model: { name: descriptor.name, ...standardOf(descriptor), root: engine.modelRoot },
    stateSize: (shape, i) => engine.stateSize(shape, i),
  }
}

/** Says who it is, and refuses whatever comes. */
async function refuser(
  signer: Signer,
  determinismClass: string,
  behaviour: Refusing,
): Promise<Served> {
  let told = 0
  const info = () => ({
    versions: {},
    hotkey: signer.ss58,
    model: 'fake',
    model_root: 'ab'.repeat(32),
    determinism_class: determinismClass,
    software: {},
    capacity: CAPACITY_PER_GPU * (behaviour === 'growing' ? ++told : 1),
    queue_length: 1,
  })
  const server = createServer((req, res) => {
    const [status, code] =
      behaviour === 'impossible' ? [400, 'invalid_request'] : [429, 'queue_full']
    const isAsked = req.method === 'POST'
    const body = isAsked ? { error: { code, message: 'not now' } } : info()
    req.resume()
    res.writeHead(isAsked ? status : 200, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}
