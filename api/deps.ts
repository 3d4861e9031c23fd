import type { Client } from '@temporalio/client'
import type { Request } from 'express'
import type { Log } from '../base/log.js'
import type { Metrics } from '../base/metrics.js'
import type { ModelStandard } from '../formats/video-shape.js'
import type { Database } from '../ledger/database.js'
import type { JobSignals } from '../ledger/requests/job-signals.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import type { AuthRefusal } from '../wire/btauth.js'
import type { ShownChain } from './network/shown-chain.js'
import type { VideoLimits } from './videos/create/limits.js'

/** Where inference workers listen for this API, and what they know it by. */
export interface InferenceListeners {
  /** `http://HOST:PORT`, one at least. */
  readonly urls: readonly string[]
  readonly secret: string
}

/** What the API needs; made once by its process, which holds no key of the chain. */
export interface ApiDeps {
  readonly db: Database
  readonly temporal: Client
  /** Says when a job changed. */
  readonly signals: JobSignals
  /** Inference workers that run a job on an open connection; null where none is named. */
  readonly inference: InferenceListeners | null
  /** The verifier whose grid serves the requests, and whose judgments are shown. */
  readonly verifierId: VerifierId
  readonly model: ModelStandard
  readonly limits: VideoLimits
  /** Bound to a loopback address: requests have to name one, or a web page could make them. */
  readonly onlyLoopback: boolean
  /** Whether `/v1/network` is open to callers without a key. */
  readonly publicNetwork: boolean
  /** File or address of what somebody's `fractal audit --follow` found; null where none is named. */
  readonly auditResults: string | null
  /** Where the chain is, for who audits the verifier; null where nothing has to be said. */
  readonly chain: ShownChain | null
  /** Temporal's web UI, `http://HOST:PORT`; null where none is named. */
  readonly temporalUi: string | null
  /** Whether webhooks may go to `http` and to machines of one's own (development). */
  readonly allowPrivateWebhooks: boolean
  /** Aborted when this process is to stop: who only watches is sent to another one. */
  readonly stopping: AbortSignal
  /** Aborted when what still runs may take no longer: whose video it is finds it elsewhere. */
  readonly cut: AbortSignal
  /** Between two beats of an event stream; not given: 15 s. */
  readonly heartbeatMs?: number
  /** Whose hotkey signed a request that has no body, made out to the verifier. */
  readonly whoSigned: (
    req: Pick<Request, 'headers' | 'method' | 'originalUrl'>,
  ) => { ok: true; sender: string } | { ok: false; reason: AuthRefusal }
  readonly metrics: Metrics
  readonly log: Log
  /** Milliseconds since 1970, by a clock that can be set: never to measure with. */
  readonly now: () => number
  /** Milliseconds of a monotonic clock, to measure with. */
  readonly elapsed: () => number
  /** A fair integer of 0 … 2^32−1. */
  readonly randomSeed: () => number
  /** Lowercase hex of so many random bytes. */
  readonly randomHex: (bytes: number) => string
}
