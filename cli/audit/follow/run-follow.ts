import { setTimeout as later } from 'node:timers/promises'
import { messageOf } from '../../../base/errors.js'
import { createRoleLog } from '../../../base/log.js'
import { Metrics } from '../../../base/metrics.js'
import { ownVersion } from '../../../base/version.js'
import { Health } from '../../../workers/health/health.js'
import { startHealthListener } from '../../../workers/health/listener.js'
import { printLine } from '../../output.js'
import { runUntilStopped } from '../../run-until-stopped.js'
import { AuditedChain } from '../audited-chain.js'
import type { AuditRequest } from '../run-audit.js'
import { type Followed, Follower, isPassing } from './follower.js'
import { Results } from './results.js'

export interface FollowRequest
  extends Pick<AuditRequest, 'api' | 'network' | 'allSignatures' | 'verifier' | 'netuid'> {
  readonly from: number | null
  /** Goes on after something that does not follow. */
  readonly keepGoing: boolean
  /** Between two looks. */
  readonly everyMs: number
  /** Who runs it, for those who are shown what it found. */
  readonly by: string
  /** Where what it found is written; null: nowhere. */
  readonly resultsFile: string | null
  /** Where /metrics, /healthz, /readyz and /results are served; null: nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | null
  readonly also: ConstructorParameters<typeof Follower>[0]['also']
}

/**
 * Audits each interval of a verifier as its record is shown, a line each, until it is stopped, or something does not
 * follow.
 * @returns whether all followed
 */
export async function runFollow(request: FollowRequest): Promise<boolean> {
  const chain = new AuditedChain(request.network)
  await chain.connectNamed()
  const metrics = new Metrics('audit')
  const results = new Results({
    by: request.by,
    software: ownVersion(),
    chain: () => chain.name,
    file: request.resultsFile,
    now: () => new Date(),
    metrics,
  })
  const health = new Health(createRoleLog('audit', 'warn'))
  health.check('audit', () => (results.failures === 0 ? null : `${results.failures} failures`))
  const listener =
    request.listen &&
    (await startHealthListener(health, metrics, request.listen, { '/results': () => results }))
  const stopping = new AbortController()
  try {
    await results.write()
    const follower = new Follower({
      api: request.api,
      from: request.from,
      audit: { ...request, chainOnly: false },
      chainOf: (genesisHash) => chain.of(genesisHash),
      also: request.also,
      elapsed: () => performance.now(),
    })
    health.started()
    const finished = followOn(request, follower, results, stopping.signal)
    await runUntilStopped({
      finished,
      async stop() {
        stopping.abort()
        await finished
      },
    })
  } finally {
    await listener?.close()
    await chain.close()
  }
  return results.failures === 0
}

async function followOn(
  { keepGoing, everyMs }: FollowRequest,
  follower: Follower,
  results: Results,
  signal: AbortSignal,
): Promise<void> {
  const outage = new Outage()
  while (!signal.aborted) {
    try {
      for await (const followed of follower.look()) {
        tell(followed)
        const { n, hash, text, verifier } = followed
        const findings = [...followed.findings]
        await results.add({ n, hash, text, findings }, { isRecord: hash !== null, verifier })
        if (signal.aborted || (!keepGoing && results.failures > 0)) return
      }
      outage.over()
      results.looked(true)
      await results.write()
    } catch (error) {
      if (!isPassing(error)) throw error
      outage.note(messageOf(error))
      results.looked(false)
    }
    await later(everyMs, undefined, { signal }).catch(() => {})
  }
}

function tell({ n, text, findings }: Followed): void {
  printLine(`interval ${n}: ${text}`)
  for (const finding of findings.slice(1)) printLine(`  ${finding}`)
}

/** Told once, however long it lasts. */
class Outage {
  #told: string | null = null

  note(why: string): void {
    if (this.#told === why) return
    this.#told = why
    process.stderr.write(`fractal: ${why}; it is asked again.\n`)
  }

  over(): void {
    if (this.#told !== null) process.stderr.write('fractal: it answers again.\n')
    this.#told = null
  }
}
