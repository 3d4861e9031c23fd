import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Figure, goalText, meetsGoal, numberText } from '../../bench/support/figures.js'
import { type Results, resultsText, thisMachine } from '../../bench/support/results.js'

const RUN = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))

function figure(changes: Partial<Figure>): Figure {
  return { name: 'a', figure: 4, unit: 'ms', ratio: 2, beside: 'b', goal: null, ...changes }
}

describe('npm run bench -- all', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const all = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import=tsx', RUN, 'all', ...args])

  it('runs those asked for, shows a table, and writes the same as JSON', async () => {
    const json = join(folder, 'figures.json')
    await assert.rejects(all('--only', 'bare'), /there is no bench bare/)
    const ran = await all('--short', '--only', 'wire', '--json', json)
    const { machine, figures, failed, short, date } = JSON.parse(
      await readFile(json, 'utf8'),
    ) as Results
    assert.deepEqual(machine, thisMachine())
    assert.deepEqual([failed, short], [[], true])
    assert.ok(Date.now() - Date.parse(date) < 600_000, date)
    const [first] = figures
    assert.equal(first?.bench, 'wire')
    assert.equal(first.unit, 'ms')
    assert.ok(first.figure > 0 && first.ratio !== null && first.ratio > 1, `${first.ratio}`)
    assert.ok(ran.stdout.includes(first.name))
    assert.match(ran.stdout, /Short runs: they show that each bench runs/)
  })

  it('says of each figure whether it is what it should be', () => {
    const most = { of: 'ratio', most: 3 } as const
    assert.equal(meetsGoal(figure({})), null)
    assert.equal(meetsGoal(figure({ goal: most })), true)
    assert.equal(meetsGoal(figure({ goal: most, ratio: 3.1 })), false)
    assert.equal(meetsGoal(figure({ goal: { of: 'figure', least: 5 } })), false)
    assert.equal(goalText(figure({ goal: most })), '≤ 3 times')
    assert.equal(goalText(figure({ goal: { of: 'figure', least: 6000 } })), '≥ 6,000 ms')
    assert.deepEqual([0.12345, 1.2345, 99.99, 123.4, 12345].map(numberText), [
      ...['0.123', '1.23', '100', '123', '12,345'],
    ])
  })

  it('shows what was left out and what failed, with the reasons', () => {
    const text = resultsText({
      ...{ date: '2026-11-29T00:00:00.000Z', commit: null, machine: thisMachine(), short: false },
      figures: [{ ...figure({ goal: { of: 'ratio', most: 1 } }), bench: 'wire', load: 1.5 }],
      skipped: [
        { bench: 'gpu', name: null, reason: 'there is no NVIDIA GPU' },
        { bench: 'api', name: 'LiteLLM', reason: 'there is no Python' },
      ],
      failed: [{ bench: 'chain', reason: 'it ended with status 1' }],
    })
    assert.match(text, /^wire +a +4 +ms +2 +b +≤ 1 times +MISSED$/m)
    assert.match(text, /load before each: 1.5 to 1.5/)
    assert.match(text, /^left out: gpu: there is no NVIDIA GPU$/m)
    assert.match(text, /^left out: api, LiteLLM: there is no Python$/m)
    assert.match(text, /^FAILED: chain: it ended with status 1$/m)
  })
})
