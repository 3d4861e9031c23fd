import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@temporalio/client'
import { shownChain } from '../../../api/network/shown-chain.js'
import { AUDIT_RESULTS_VERSION, type AuditResults } from '../../../formats/audit-results.js'
import { signRecord } from '../../../ledger/intervals/records.js'
import { livedInterval, NO_WEIGHTS, scenic, settled } from '../../api/network/scene.js'
import { awayTemporal, startApi, type TestApi } from '../../api/server.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'

export const [good, weak] = [scenic(1), scenic(2)]

export interface LivedNetwork {
  /** With two settled intervals and one that runs; `weak` was caught twice. */
  readonly full: TestApi
  /** With one that has settled, and whose weights are not in the open yet. */
  readonly waiting: TestApi
  /** With nothing at all. */
  readonly empty: TestApi
}

/** As `fractal api` tells a demo's. */
const LOCAL = shownChain('local', 'http://127.0.0.1:7606')

/** What a follower found of it: one interval that follows, and one that is hidden. */
function resultsOf(verifier: string): AuditResults {
  const at = '2026-11-29T06:00:00.000Z'
  const hidden = 'is hidden: its record is withheld, though a later one is public'
  return {
    version: AUDIT_RESULTS_VERSION,
    by: 'Ada, who lives elsewhere',
    software: '0.0.0',
    verifier,
    chain: 'finney',
    started_at: at,
    looked_at: at,
    audited: 1,
    failures: 1,
    intervals: [
      { n: 2, hash: null, ok: false, at, text: hidden, findings: [hidden] },
      {
        n: 1,
        hash: 'ab'.repeat(32),
        ok: true,
        at,
        text: 'all of it follows from its record (44032 answers, 9210 checks); the chain stores its weights in block 4711',
        findings: [],
      },
    ],
  }
}

/** Gives the surrounding suite an API whose ledger has what the pages show, and one without. */
export function useLivedNetwork(): () => LivedNetwork {
  const database = useDatabase()
  let temporal: Client
  let made: LivedNetwork
  let folder: string
  before(async () => {
    const { db, url } = database()
    temporal = awayTemporal()
    const id = newVerifier()
    await livedInterval(db, id, 1, [
      { of: good, passes: 4, served: 6 },
      { of: weak, cheats: 2, passes: 1, fails: 1, served: 1, late: 1 },
    ])
    await settled(db, id, 1)
    await livedInterval(db, id, 2, [{ of: good, passes: 2, fails: 1, served: 3, late: 1 }])
    await settled(db, id, 2)
    await livedInterval(db, id, 3, [{ of: good, passes: 1, served: 2 }, { of: weak }])
    for (const n of [1, 2]) await signRecord(db, id, n, '0x00')
    const waiting = newVerifier()
    await livedInterval(db, waiting, 1, [{ of: good, passes: 4, served: 6 }])
    await settled(db, waiting, 1, { weights: { ...NO_WEIGHTS, kind: 'weights' } })
    folder = await mkdtemp(join(tmpdir(), 'fractal-pages-'))
    const auditResults = join(folder, 'results.json')
    await writeFile(auditResults, JSON.stringify(resultsOf(id.verifier)))
    made = {
      full: await startApi({ db, url, temporal, verifierId: id, auditResults, chain: LOCAL }),
      waiting: await startApi({ db, url, temporal, verifierId: waiting }),
      empty: await startApi({ db, url, temporal, verifierId: newVerifier() }),
    }
  })
  after(async () => {
    await made?.full.close()
    await made?.waiting.close()
    await made?.empty.close()
    await temporal?.connection.close()
    await rm(folder, { recursive: true, force: true })
  })
  return () => made
}
