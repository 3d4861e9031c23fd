import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import {
  asksForHelp,
  BENCHES,
  chooseBench,
  helpText,
  type WholeOption,
} from '../../bench/support/benches.js'
import { parseWholeOptions } from '../../bench/support/whole-options.js'

describe('npm run bench', () => {
  it('takes options for those of the API’s bench where no bench is named', () => {
    const options = ['--runs', '100']
    assert.deepEqual(chooseBench(options), { name: 'api', options })
    assert.deepEqual(chooseBench([]), { name: 'api', options: [] })
    assert.deepEqual(chooseBench(['api', ...options]), { name: 'api', options })
    assert.deepEqual(chooseBench(['wire', '--rounds=3']), { name: 'wire', options: ['--rounds=3'] })
    assert.deepEqual(chooseBench(['all', '--short']), { name: 'all', options: ['--short'] })
    for (const name of ['nothing', 'toString']) assert.equal(chooseBench([name]), null)
  })

  it('says what there is, wherever one asks for help', () => {
    for (const args of [['help'], ['--help'], ['wire', '--help'], ['all', '-h']]) {
      assert.ok(asksForHelp(args), args.join(' '))
    }
    for (const args of [[], ['wire'], ['--runs', '1']]) assert.ok(!asksForHelp(args))
    const text = helpText()
    for (const name of Object.keys(BENCHES)) assert.match(text, new RegExp(`^${name} `, 'm'))
    assert.match(text, /^all .*--only NAME,NAME --json FILE$/m)
    assert.match(text, /^memory .*--intervals 200 --videos 800$/m)
  })

  it('has a file for each of its names', () => {
    for (const { file } of Object.values(BENCHES)) {
      assert.ok(existsSync(new URL(`../../bench/${file}.ts`, import.meta.url)), file)
    }
  })

  it('has short numbers that may be given, none above the full ones', () => {
    for (const [bench, { options }] of Object.entries(BENCHES)) {
      const known: Readonly<Record<string, WholeOption>> = options
      const short = parseWholeOptions(known, ['--short'])
      for (const [name, { full, least = 1 }] of Object.entries(known)) {
        assert.ok(short[name]! >= least && short[name]! <= full, `${bench} --${name}`)
        assert.equal(parseWholeOptions(known, [])[name], full)
      }
    }
  })

  it('reads whole numbers, and names what it can’t read', () => {
    const known = { runs: { full: 200, short: 4 }, watchers: { full: 1000, short: 50, least: 3 } }
    const full = { runs: 200, watchers: 1000 }
    assert.deepEqual(parseWholeOptions(known, ['--runs', '100']), { ...full, runs: 100 })
    assert.deepEqual(parseWholeOptions(known, []), full)
    assert.deepEqual(parseWholeOptions(known, ['--short', '--runs', '9']), {
      runs: 9,
      watchers: 50,
    })
    const refused = (args: string[], says: RegExp) =>
      assert.throws(() => parseWholeOptions(known, args), says)
    refused(['--runs', 'many'], /--runs: many is not a whole number from 1 on/)
    refused(['--watchers', '2'], /from 3 on/)
    refused(['--runs', '0'], /--runs/)
    refused(['--run', '1'], /Unknown option '--run'/)
    refused(['--runs'], /argument missing/)
  })
})
