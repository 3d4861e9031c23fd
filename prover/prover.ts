import { join } from 'node:path'
import type { Log } from '../base/log.js'
import type { Metrics } from '../base/metrics.js'
import { closeServer, type Listener, listen } from '../base/net/http-listener.js'
import { type Signer, sr25519Ready } from '../base/sr25519.js'
import { knownAnswersOf } from '../engine/model/known-answers.js'
import { USUAL_CAPS } from '../engine/model/sizes.js'
import type { Hex } from '../formats/bytes.js'
import { workOf } from '../formats/generation.js'
import { CAPACITY_PER_GPU } from '../rules/constants.js'
import { NonceMemory } from '../wire/nonce-memory.js'
import type { Blacklist, CallerLookup } from './admission.js'
import { CallersClock } from './callers-clock.js'
import {
  ConnectionGuard,
  type ConnectionLimits,
  connectionLimits,
} from './connections/connections.js'
import { assertAlike, type ProverEngine } from './engines/prover-engine.js'
import { AnswerStore } from './keeping/answer-store.js'
import { Keeping } from './keeping/keeping.js'
import { StateStore } from './keeping/state-store.js'
import { createProverMetrics } from './metrics.js'
import { RequestRegistry } from './request-registry.js'
import { runGeneration } from './run-generation.js'
import { SelfCheck, type SelfCheckTimes } from './self-check.js'
import { createAxonServer, type ServerTimeouts } from './server.js'
import { UnprovenBodies } from './unproven-bodies.js'

export interface ProverOptions {
  /** One per GPU. */
  engines: readonly ProverEngine[]
  /** The prover's hotkey. */
  signer: Signer
  /** Looks up a verified caller; `createCallerLookup` asks the chain. */
  lookup: CallerLookup
  genesisHash: Hex
  netuid: number
  host: string
  /** 0: chosen by the system. */
  port: number
  blacklist: Blacklist
  /** The prover's own folder, for answers/ and states/. */
  keepDir: string
  /** Limit on stored answers, in bytes. Default 1 GiB. */
  answersMaxBytes?: number
  /** Limit on stored states, in bytes. Default 2 GiB. */
  statesMaxBytes?: number
  /** Limits for slow senders; for tests. */
  timeouts?: ServerTimeouts
  /** Connection limits; the default depends on the capacity. */
  connections?: ConnectionLimits
  /** When it checks its own class again; for tests. */
  selfCheck?: SelfCheckTimes
  /** For /readyz: problems outside this prover; default none. */
  notReady?: () => readonly { check: string; why: string }[]
  /** For /v1/info. */
  version: string
  log: Log
  metrics: Metrics
  /** Unix milliseconds; for tests. */
  now?: () => number
  /** How long this process has run; for tests. */
  uptimeMs?: number
}

export interface RunningProver {
  url: string
  port: number
  /**
   * Refuses new requests, and waits until those in flight have ended, but no longer than `limitMs`. Not ready
   * from then on.
   */
  drain(limitMs: number): Promise<void>
  /** Ends what is in flight with an error record, and waits for the server to close. */
  close(): Promise<void>
}

/**
 * How long a stopping prover may finish what it has begun: two videos for each GPU, and less than supervisors wait
 * before they kill (docker-compose.yml, ecosystem.config.cjs). Milliseconds.
 */
export const DRAIN_MS = 45_000

/** Names the listener in errors. */
export const PROVER_LISTENER: Listener = {
  what: 'the prover',
  remedy: 'choose another with --axon.port',
}

/**
 * Starts a prover node: accepts signed requests, generates, signs, answers as a stream of records.
 * @throws FractalError `port_taken` if the port is in use, `workers_differ`
 */
export async function startProver(options: ProverOptions): Promise<RunningProver> {
  await sr25519Ready()
  const { engines, signer, log } = options
  assertAlike(engines)
  const generator = engines[0]!
  const { now = Date.now, uptimeMs = performance.now() } = options
  const answers = await AnswerStore.open(
    join(options.keepDir, 'answers'),
    options.answersMaxBytes ?? 2 ** 30,
    now(),
  )
  const states = await StateStore.open(
    join(options.keepDir, 'states'),
    options.statesMaxBytes ?? 2 ** 31,
  )
  const meters = createProverMetrics(options.metrics)
  const terms = { genesisHash: options.genesisHash, netuid: options.netuid }
  const keeping = new Keeping(options.keepDir, log)
  const stores = { answers, states, keeping }
  const deps = { signer, terms, ...stores, log, seconds: meters.seconds, now }
  const registry = new RequestRegistry({
    engines,
    answers,
    work: async (generation, engine) => {
      await runGeneration(generation, { ...deps, generator: engine })
      for (const check of selfChecks) check.worked()
    },
    onLength: (length) => meters.inFlight.set(length),
  })
  const selfChecks = engines.map(
    (engine) =>
      new SelfCheck({
        engine,
        queue: registry,
        self: signer.ss58,
        work: knownAnswersOf(engine.descriptor).reduce((sum, params) => sum + workOf(params), 0),
        times: options.selfCheck,
        log,
        checks: meters.classChecks,
        onChange: () => registry.close('this prover stopped serving'),
      }),
  )
  const model = generator.descriptor?.name ?? `model-${generator.modelRoot.slice(0, 12)}`
  const standardWork = generator.descriptor && workOf(generator.descriptor)
  const nowNs = () => BigInt(now()) * 1_000_000n
  const clock = new CallersClock(log)
  let isStopping = false
  const server = createAxonServer({
    gate: {
      self: signer.ss58,
      nonces: new NonceMemory({ startedNs: nowNs(), uptimeMs }),
      blacklist: options.blacklist,
      lookup: options.lookup,
      clock,
      bodies: new UnprovenBodies(),
      log,
      nowNs,
    },
    generate: {
      registry,
      answers,
      keeping,
      hasChanged: () => selfChecks.some(({ changed }) => changed),
      model,
      standardWork,
      caps: generator.descriptor?.caps ?? USUAL_CAPS,
      log,
      requests: meters.requests,
    },
    open: { answers, states, log, openings: meters.openings },
    info: () => ({
      versions: { fractal: options.version, wire: '1', auth: 'btauth/1' },
      hotkey: signer.ss58,
      model,
      model_root: generator.modelRoot,
      determinism_class: generator.determinismClass,
      software: { ...generator.software },
      gpus: registry.gpus,
      capacity: CAPACITY_PER_GPU * registry.gpus,
      queue_length: registry.length,
    }),
    notReady: async () => {
      const own = {
        clock: clock.problem(),
        class: selfChecks.map((check) => check.problem()).find((why) => why !== null) ?? null,
        disk: await keeping.problem(),
        stopping: isStopping ? 'a signal ended it: what it has begun is finished first' : null,
      }
      const reasons = Object.entries(own).flatMap(([check, why]) =>
        why === null ? [] : [{ check, why }],
      )
      return [...(options.notReady?.() ?? []), ...reasons]
    },
    metrics: options.metrics,
    timeouts: options.timeouts,
    connections: new ConnectionGuard(
      options.connections ?? connectionLimits(CAPACITY_PER_GPU * engines.length),
    ),
    log,
  })
  const { url, port } = await listen(server, options, PROVER_LISTENER)
  log.info({ port, model, gpus: engines.length }, 'prover serves')
  return {
    url,
    port,
    async drain(limitMs) {
      isStopping = true
      for (const check of selfChecks) check.stop()
      log.info({ requests: registry.length }, 'stopping: what is in flight is finished first')
      await registry.drain(limitMs)
    },
    async close() {
      for (const check of selfChecks) check.stop()
      const closed = closeServer(server, { graceMs: 1000 })
      registry.close()
      await closed
      await registry.idle()
    },
  }
}
