import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sr25519Ready } from '../../base/sr25519.js'
import { encodeAnswers } from '../../rules/record/answer-columns.js'
import {
  type MadeRecords,
  madeRecords,
  makeNext,
  resettle,
} from '../support/records/made-records.js'
import { hasPython, pythonAudit } from '../support/records/python-audit.js'

describe('tools/audit.py', function () {
  this.timeout(60_000)
  let folder: string
  let records: MadeRecords
  before(async function () {
    if (!hasPython()) {
      console.log('      python3 is not installed: the second computation of scores was not run')
      this.skip()
    }
    await sr25519Ready()
    folder = await mkdtemp(join(tmpdir(), 'fractal-audit-'))
    records = madeRecords(5, { served: 30 })
    for (let i = 0; i < 3; i++) {
      makeNext(records, (record, answers) => {
        // Somebody fails, somebody refuses, somebody cheats: what pays and costs is in it.
        answers.forEach((row, place) => {
          if (row.kind === 'challenge') return
          if (place % 11 === 0)
            Object.assign(row, { outcome: 'refused', reason: 'refused', answer: null, checks: [] })
          else if (place % 13 === 0) {
            Object.assign(row, { outcome: 'failure', reason: 'late', answer: null, checks: [] })
          }
          for (const check of row.checks) {
            if (place % 29 === 0) Object.assign(check, { verdict: 'cheat', reason: 'step_differs' })
          }
        })
        record.answers = encodeAnswers(answers, ({ hotkey }) =>
          record.provers.findIndex((prover) => prover.hotkey === hotkey),
        )
        resettle(record, answers)
      })
    }
  })
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  async function files(texts: readonly string[]): Promise<string[]> {
    return Promise.all(
      texts.map(async (text, i) => {
        const file = join(folder, `${i}.json`)
        await writeFile(file, i === 0 ? gzipSync(text) : text)
        return file
      }),
    )
  }

  it('computes the same scores and weights from the same records', async () => {
    const { code, stdout } = pythonAudit(await files(records.made.map(({ text }) => text)))
    assert.match(stdout, /^(interval \d: scores and weights follow \(\d+ answers\)\n){3}$/)
    assert.equal(code, 0)
    const caught = records.made.flatMap(({ record }) => record.settlement!.cheatingHotkeys)
    assert.ok(caught.length > 0, 'somebody cheats in it')
  })

  it('says what does not follow, and what is no record', async () => {
    const [, second] = records.made
    const wrong = second!.text.replace(
      /"score_after":(\d+)/,
      (_, score) => `"score_after":${Number(score) + 1}`,
    )
    const found = pythonAudit(await files([wrong]))
    assert.match(found.stdout, /interval 2: 5\w+ score_after is \d+, but \d+ follows/)
    assert.equal(found.code, 1)
    const broken = pythonAudit(await files([second!.text.slice(0, 1000)]))
    assert.match(broken.stderr, /is no record/)
    assert.equal(broken.code, 2)
  })
})
