import assert from 'node:assert/strict'
import { gunzipSync } from 'node:zlib'
import { createFetchOpenings } from '../../../activities/judging/fetch-openings.js'
import { type Signer, signText } from '../../../base/sr25519.js'
import type { CanonicalValue } from '../../../formats/canonical-json.js'
import { evidenceHash, evidenceText } from '../../../formats/evidence.js'
import { evidenceFile } from '../../../ledger/judging/evidence.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { checkEvidence } from '../../../wire/evidence/check-evidence.js'
import { parseEvidence } from '../../../wire/evidence/evidence-schema.js'
import { useDatabase } from '../../support/postgres.js'
import { IntervalSite } from '../interval/interval-site.js'
import { run, useChain } from '../verifier-site.js'

type Json = { [key: string]: CanonicalValue }

/** Every leaf of a JSON value, as a path. */
function leaves(value: CanonicalValue, path: string[] = []): string[][] {
  if (value === null || typeof value !== 'object') return [path]
  return Object.entries(value).flatMap(([key, member]) =>
    leaves(member as CanonicalValue, [...path, key]),
  )
}

/** Another value of the same kind: hex stays hex, base64 base64, an address an address. */
function changed(value: CanonicalValue): CanonicalValue {
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  if (value === null) return 1
  const text = String(value)
  const at = text.startsWith('fc2;') ? text.length - 1 : text.startsWith('{') ? 20 : 2
  const other = text[at] === '1' ? '2' : '1'
  return `${text.slice(0, at)}${other}${text.slice(at + 1)}`
}

function withChange(file: Json, path: string[]): Json {
  const copy = structuredClone(file)
  let at: Json = copy
  for (const key of path.slice(0, -1)) at = at[key] as Json
  const last = path.at(-1)!
  at[last] = changed(at[last]!)
  return copy
}

/** Ids of what failed; the field that no evidence may have so. */
async function refusals(file: Json): Promise<string[]> {
  try {
    const findings = await checkEvidence(parseEvidence(file))
    return findings.filter(({ found }) => found === 'failed').map(({ id }) => id)
  } catch (error) {
    assert.match((error as Error).message, /^This is not evidence: /)
    return ['shape']
  }
}

describe('evidence of a cheat', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite
  let verifier: Signer
  /** Of a spot check, and of a challenge. */
  let files: Json[]

  before(async () => {
    const { db } = database()
    site = await IntervalSite.open(chain(), db, ['invented', 'another'])
    await site.begin()
    const { deps } = site.verifier
    verifier = deps.signer
    await site.serve(1, 0)
    await site.ask(1)
    await run(createFetchOpenings(deps), { n: 1, final: true })
    await site.computeSpotChecks(1)
    await site.recompute(1, { round: 0 })
    await site.judge(1, true)
    const cheats = (await verdictsOf(db, deps.id, 1)).filter(({ verdict }) => verdict === 'cheat')
    assert.ok(cheats.length >= 3)
    files = await Promise.all(
      ['spotcheck', 'challenge'].map(async (kind) => {
        const cheat = cheats.find((row) => row.kind === kind)!
        const gzip = await evidenceFile(db, deps.id, cheat.evidenceSha256!)
        const file = JSON.parse(gunzipSync(gzip!).toString()) as Json
        assert.equal(evidenceHash(file), cheat.evidenceSha256)
        return file
      }),
    )
  })
  after(() => site?.close())

  it('holds, by itself', async () => {
    for (const file of files) {
      const findings = await checkEvidence(parseEvidence(file))
      assert.deepEqual(
        findings.filter(({ found }) => found === 'failed'),
        [],
      )
      assert.ok(findings.some(({ id, found }) => id === 'verdict' && found === 'ok'))
    }
  })

  it('is refused with any of its fields changed', async () => {
    for (const file of files) {
      for (const path of leaves(file)) {
        const found = await refusals(withChange(file, path))
        assert.ok(found.length > 0, `${path.join('.')} may be changed`)
      }
    }
  })

  it('is refused with what is wrong, even where its verifier signs the change', async () => {
    // What the verifier says that it drew, computed and counted: computing again, and the record, show these.
    const word = [
      ...['registered_block', 'interval', 'opened.recomputed', 'opened.confirmation'],
      ...['opened.tolerance', 'opened.frame', 'truth', 'exact'],
    ]
    const named: Record<string, string> = {
      'request.body': 'request-signature',
      'answer.trace_root': 'answer-signature',
      'opened.digests': 'digests',
      'opened.states.before': 'states',
      'opened.states.after': 'states',
      'opened.states.final': 'states',
      prover: 'answer-signature',
      reason: 'shape',
    }
    for (const file of files) {
      for (const path of leaves(file)) {
        const name = path.join('.')
        if (['signature', 'verifier'].includes(name) || word.some((each) => name.startsWith(each)))
          continue
        const forged = withChange(file, path)
        forged.signature = signText(verifier, evidenceText(evidenceHash(forged)))
        const found = await refusals(forged)
        assert.ok(found.length > 0 && !found.includes('signature'), `${name}: ${found}`)
        const expected = named[name]
        if (expected !== undefined) assert.ok(found.includes(expected), `${name}: ${found}`)
      }
    }
  })

  it('is marked where a user’s words are in it, and goes with its verdict', async () => {
    const { db } = database()
    const rows = await db.query<{ kind: string; hotkey: string; ofUser: boolean }>(
      'SELECT kind, hotkey, of_user FROM evidence',
    )
    const accused = rows.find(({ kind }) => kind === 'spotcheck')!
    assert.deepEqual([accused.ofUser, accused.hotkey], [true, files[0]!.prover])
    await db.tx(async (tx) => {
      await tx.execute("SELECT set_config('fractal.forgetting', 'yes', true)")
      await tx.execute('DELETE FROM verdicts')
    })
    const [left] = await db.query<{ n: number }>('SELECT count(*)::integer AS n FROM evidence')
    assert.equal(left!.n, 0)
  })
})
