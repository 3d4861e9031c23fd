import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decimal, integer } from '../../cli/parse-number.js'
import { BIN } from '../support/bin.js'
import { runCli } from './run-cli.js'

describe('the command line', function () {
  this.timeout(240_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-cli-'))
    await symlink(BIN, join(folder, 'fractal.mjs'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('lists its commands, run through a link from another folder', async () => {
    const bin = join(folder, 'fractal.mjs')
    const { code, stdout, stderr } = await runCli(['--help'], { cwd: folder, bin })
    assert.deepEqual([code, stderr], [0, ''])
    for (const command of [
      'demo',
      'localnet',
      'verifier',
      'inference-worker',
      'gpu-worker',
      'prover',
      'api',
      'generate',
      'doctor',
      'wallet',
      'interval',
    ]) {
      assert.match(stdout, new RegExp(`^  fractal ${command} `, 'm'))
    }
  })

  it('answers with help who names nothing yet, and who asks in another way', async () => {
    const asked = [[], ['help'], ['key'], ['help', 'key'], ['help', 'key', 'create'], ['version']]
    const groups = ['cuda', 'evidence', 'interval', 'model', 'receipt', 'wallet']
    const answers = await Promise.all(asked.map((args) => runCli(args)))
    const first = answers.map(
      ({ code, stdout, stderr }) => `${code} ${stdout.split('\n')[0]}${stderr}`,
    )
    assert.deepEqual(first.slice(0, 2), Array(2).fill('0 fractal <command> [options]'))
    assert.deepEqual(first.slice(2, 4), Array(2).fill('0 fractal key'))
    assert.equal(first[4], '0 fractal key create <name>')
    assert.match(first[5]!, /^0 \d+\.\d+\.\d+$/)
    const alone = await Promise.all(groups.map((group) => runCli([group])))
    for (const [i, { code, stdout, stderr }] of alone.entries()) {
      assert.equal(`${code} ${stdout.split('\n')[0]}${stderr}`, `0 fractal ${groups[i]}`)
    }
  })

  it('shows an option’s default and its name in the environment', async () => {
    const { code, stdout } = await runCli(['interval', 'list', '--help'])
    assert.equal(code, 0)
    assert.match(
      stdout.replace(/\s+/g, ' '),
      /--database\.port .*\[FRACTAL_DATABASE_PORT\].*\[default: 5432\]/,
    )
  })

  it('refuses in one clear line what it does not know', async () => {
    const cases: [args: string[], says: RegExp][] = [
      [['provr'], /there is no command provr\n {2}Did you mean prover\?/],
      [['generate', '--otu', 'x.mp4', 'apple'], /there is no option --otu\n.*--out\?/],
      [['api', '--port', '3'], /there is no option --port\n.*--api\.port or --database\.port\?/],
      [['interval', 'list', '--limit'], /--limit needs a value/],
      [['interval', 'show'], /an argument is missing: fractal interval show <n>/],
      [['interval', 'show', '--', '-3'], /<n>: -3 is not an integer/],
      [['doctor', '--runs', '3'], /--runs is for --certify/],
      [['interval', 'list', '--database.url', 'secret'], /--database\.url: the value given can't/],
      [['interval', 'list', '--netuid', '1', '--netuid', '2'], /--netuid was given 2 times/],
      [['interval', 'show', '0'], /<n>: 0 is not an integer from 1 to/],
    ]
    const results = await Promise.all(cases.map(([args]) => runCli(args)))
    for (const [i, [args, says]] of cases.entries()) {
      const { code, stdout, stderr } = results[i]!
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`)
      assert.match(stderr, says)
      assert.equal(stdout, '')
      assert.ok(stderr.split('\n').length <= 3 && !/^\s+at /m.test(stderr), stderr)
    }
  })

  it('takes numbers as people write them, and nothing else', () => {
    assert.equal(decimal('guidance', '7.5'), 7.5)
    assert.equal(decimal('guidance', undefined), undefined)
    assert.equal(integer('seed', '4294967295', 0, 4294967295), 4294967295)
    for (const bad of ['', ' ', '1e3', '0x10', 'NaN', 'Infinity', '1_000', '٣', true, ['1', '2']]) {
      assert.throws(() => decimal('steps', bad), { code: 'usage' }, String(bad))
    }
    for (const bad of ['-5', '1.5', '4294967296', '-0.5']) {
      assert.throws(() => integer('seed', bad, 0, 4294967295), { code: 'usage' }, bad)
    }
  })
})
