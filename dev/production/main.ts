import path from 'node:path'
import { describeError, FractalError } from '../../base/errors.js'
import { printLine } from '../process/print-line.js'
import { scriptOptions } from '../process/script-options.js'
import { defaultStateRoot } from '../process/state-dir.js'
import { ProductionRun } from './run.js'

/** What a shell reports for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130
const USAGE = `npm run production-shape -- [options]: the production shape on this machine, and its parts killed.
  --chain NAME       devnet (Subtensor's own runtime; the default) or local
  --ports.base N     the first of some 60 ports on 127.0.0.1 (18400)
  --state.dir FOLDER its state, deleted at each start (.fractal/production)`

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(EXIT_INTERRUPTED)
    interrupted.abort(new FractalError('interrupted', 'interrupted'))
  })
}

try {
  const values = scriptOptions('production-shape', {
    chain: { type: 'string', default: 'devnet' },
    'ports.base': { type: 'string', default: '18400' },
    'state.dir': { type: 'string', default: path.join(defaultStateRoot(), 'production') },
    help: { type: 'boolean', default: false },
  })
  const { chain } = values
  if (values.help || (chain !== 'devnet' && chain !== 'local')) {
    printLine(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  await new ProductionRun({
    stateRoot: path.resolve(values['state.dir']),
    portBase: Number(values['ports.base']),
    chain,
    blockMs: 1000,
    intervalBlocks: 24,
    interrupted: interrupted.signal,
  }).run()
  printLine('the production shape holds')
} catch (error) {
  process.stderr.write(`production-shape: ${describeError(error)}\n`)
  process.exitCode = interrupted.signal.aborted ? EXIT_INTERRUPTED : 1
}
