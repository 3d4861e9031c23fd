import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './planted.js'

/**
 * Where the machine's clock is read, which may be set at any moment, and how often. Whoever waits or measures by it
 * stands still for as long as it is set back: durations are by `performance.now()`, and times in the ledger by
 * PostgreSQL.
 */
const READS: Readonly<Record<string, number>> = {
  // The stamps of requests and of webhooks, which others compare with their own clocks.
  'wire/btauth.ts': 1,
  'wire/client.ts': 1,
  'activities/webhooks/send-webhook.ts': 1,
  // Callers' stamps, and when an answer was given, which outlasts the process.
  'prover/prover.ts': 1,
  // Compared with the times of files.
  'engine/model/model-files.ts': 1,
  'prover/keeping/bounded-folder.ts': 1,
  // A date until which an endpoint asks to be left alone.
  'chain/subtensor/refusal.ts': 1,
  // Deadlines as gRPC takes them.
  'temporal/reset-interval.ts': 1,
  'temporal/workflow-state.ts': 1,
  'temporal/is-workflow-stopped.ts': 1,
  'cli/doctor/probes.ts': 1,
  'workers/health/role-health.ts': 1,
  'workers/roles/api.ts': 2,
  // Compared with the time of a block.
  'chain/subtensor/check/check-runtime.ts': 1,
  // When something was found, for people.
  'cli/audit/follow/run-follow.ts': 1,
  'cli/chain-check.ts': 1,
  // Only has to be another one each time.
  'workers/deployment-lease.ts': 1,
}
/** What runs in browsers, on the developer's machine, or in tests. */
const ELSEWHERE = /^(web|dev|bench|test)\//

describe('the clock of a machine', () => {
  it('is read only where others read theirs as well', async () => {
    const files = execFileSync('git', ['ls-files', '*.ts'], { cwd: ROOT, encoding: 'utf8' })
    const found: Record<string, number> = {}
    for (const file of files.trim().split('\n')) {
      if (ELSEWHERE.test(file)) continue
      const text = await readFile(path.join(ROOT, file), 'utf8').catch(() => '')
      const reads = text.match(/\bDate\.now\b|\bnew Date\(\)/g)?.length ?? 0
      if (reads > 0) found[file] = reads
    }
    assert.deepEqual(found, READS)
  })
})
