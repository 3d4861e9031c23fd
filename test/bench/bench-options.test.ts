import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { BENCHES, chooseBench } from '../../bench/support/choose-bench.js'
import { parseWholeOptions } from '../../bench/support/whole-options.js'

describe('npm run bench', () => {
  it('takes options for those of the API’s bench where no bench is named', () => {
    const options = ['--runs', '100']
    assert.deepEqual(chooseBench(options), { name: 'api', options })
    assert.deepEqual(chooseBench([]), { name: 'api', options: [] })
    assert.deepEqual(chooseBench(['api', ...options]), { name: 'api', options })
    assert.deepEqual(chooseBench(['wire', '--rounds=3']), { name: 'wire', options: ['--rounds=3'] })
    for (const name of ['nothing', 'toString']) assert.equal(chooseBench([name]), null)
  })

  it('has a file for each of its names', () => {
    for (const file of Object.values(BENCHES)) {
      assert.ok(existsSync(new URL(`../../bench/${file}.ts`, import.meta.url)), file)
    }
  })

  it('reads whole numbers, and names what it can’t read', () => {
    const defaults = { runs: 200, watchers: 1000 }
    assert.deepEqual(parseWholeOptions(defaults, ['--runs', '100']), { runs: 100, watchers: 1000 })
    assert.deepEqual(parseWholeOptions(defaults, []), defaults)
    const refused = (args: string[], says: RegExp, least = 1) =>
      assert.throws(() => parseWholeOptions(defaults, args, least), says)
    refused(['--runs', 'many'], /--runs: many is not a whole number from 1 on/)
    refused(['--runs', '2'], /from 3 on/, 3)
    refused(['--runs', '0'], /--runs/)
    refused(['--run', '1'], /Unknown option '--run'/)
    refused(['--runs'], /argument missing/)
  })
})
