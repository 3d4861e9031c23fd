import assert from 'node:assert/strict'
import { readArguments, unmarkAll } from '../../cli/arguments.js'
import { closestNames } from '../../cli/closest-name.js'
import { explainUsage, NO_COMMAND } from '../../cli/explain-usage.js'

const TOP = `fractal <command> [options]

Commands:
  fractal demo               run a whole grid on this machine
  fractal prover             run a prover; or look at provers: list, show

Options:
      --version  Show version number   [boolean]
  -h, --help     Show help             [boolean]
`
const GENERATE = `fractal generate [prompt]

Positionals:
  prompt  what to show; may be empty   [string]

Options:
  -h, --help             Show help               [boolean]
      --model.dir        folder of the model     [string]
      --out              FILE.mp4                [string] [required]
      --seed             0 to 4294967295         [string]
      --database.port    PostgreSQL’s            [string]
      --database.user    user of PostgreSQL      [string]

Examples:
  fractal generate "a red ball rolling" --seed 7 --out ball.mp4
`

describe('what is said of a command line that is not understood', () => {
  const says = (found: string, args: string[], help = GENERATE) => {
    const { message, hint, code } = explainUsage(found, args, help)
    assert.equal(code, 'usage')
    return `${message} | ${hint}`
  }

  it('names the option that there is not, before anything else, and the one that was meant', () => {
    const missing = 'Missing required argument: out'
    const see = 'See --help.'
    assert.equal(
      says(missing, ['--otu', 'x.mp4', 'apple']),
      `there is no option --otu | Did you mean --out? ${see}`,
    )
    assert.equal(
      says('Unknown argument: database_port', ['--database_port=3']),
      `there is no option --database_port | Did you mean --database.port? ${see}`,
    )
    const dashes = `Put -- before an argument that begins with a dash. ${see}`
    assert.equal(says(missing, ['-a-cat']), `there is no option -a-cat | ${dashes}`)
    assert.equal(
      says(missing, ['--frobnicate', '3']),
      `there is no option --frobnicate | ${dashes}`,
    )
    const twice = `${GENERATE}      --json                 with --seed: print JSON  [boolean]\n`
    assert.equal(
      says(missing, ['--sed', '3'], twice),
      `there is no option --sed | Did you mean --seed? ${see}`,
    )
    const bare = 'fractal api\n\nOptions:\n  -h, --help   Show help  [boolean]\n'
    assert.equal(says('', ['-x', '3'], bare), `there is no option -x | ${see}`)
    assert.equal(says(missing, ['apple', '--no-seed', '-', '-5']), `--out is missing | ${see}`)
  })

  it('names what an option takes, and what was meant', () => {
    assert.match(
      says('Invalid values:\n  Argument: libraries, Given: "al", Choices: "missing", "all"', []),
      /^--libraries: "al" is none of missing, all \| Did you mean all\? See --help\.$/,
    )
  })

  it('names the command that was meant', () => {
    assert.match(says('Unknown argument: provr', ['provr'], TOP), /no command provr \| .*prover\?/)
    assert.match(says('Unknown argument: rover', ['rover'], TOP), /Did you mean prover\?/)
    assert.match(says('Unknown argument: what', ['what'], TOP), /no command what \| See/)
    assert.match(says(NO_COMMAND, ['--netuid', '1'], TOP), /^name a command, and --netuid after it/)
    assert.match(says(NO_COMMAND, ['--hlep'], TOP), /--hlep \| Did you mean --help\?/)
  })

  it('says what to do about a prompt in several words, and one that begins with a dash', () => {
    assert.match(
      says('Unknown argument: pear', ['apple', 'pear', '--out', 'x.mp4']),
      /^unexpected argument: pear \| .*in quotes/,
    )
    assert.match(says('Unknown argument: a', ['-a red ball']), /\| Put -- before an argument/)
  })

  it('finds names by slips, and by their last part', () => {
    const names = ['wallet.name', 'wallet.hotkey', 'api.port', 'axon.port', 'netuid']
    assert.deepEqual(closestNames('hotkey', names), ['wallet.hotkey'])
    assert.deepEqual(closestNames('wallet-naem', names), ['wallet.name'])
    assert.deepEqual(closestNames('prot', names), ['api.port', 'axon.port'])
    assert.deepEqual(closestNames('something', names), [])
  })
})

describe('arguments', () => {
  it('behind -- are no options', () => {
    const args = readArguments(['generate', '--out', 'x', '--', '--a', '--', 'b'], new Set())
    assert.deepEqual(args.slice(0, 3), ['generate', '--out', 'x'])
    assert.ok(args.slice(3).every((arg) => !arg.startsWith('-')))
    const parsed = { prompt: args[3], json: true }
    unmarkAll(parsed)
    assert.deepEqual(parsed, { prompt: '--a', json: true })
  })

  it('that name nothing yet ask for help', () => {
    for (const [given, read] of [
      [[], ['--help']],
      [['key'], ['key', '--help']],
      [
        ['help', 'key', 'create'],
        ['key', 'create', '--help'],
      ],
      [['-v'], ['--version']],
      [['demo'], ['demo']],
      [
        ['key', 'create'],
        ['key', 'create'],
      ],
    ] as const) {
      assert.deepEqual(readArguments(given, new Set(['key'])), read)
    }
  })
})
