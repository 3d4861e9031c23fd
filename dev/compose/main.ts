import path from 'node:path'
import { describeError, FractalError } from '../../base/errors.js'
import { printLine } from '../process/print-line.js'
import { scriptOptions } from '../process/script-options.js'
import { defaultStateRoot } from '../process/state-dir.js'
import { ComposeRun } from './run.js'

/** What a shell reports for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130
const USAGE = `npm run compose-shape -- [options]: docker-compose.yml whole, in containers built here, and parts of it killed.
  --bases WHERE  registry (the default), or local: stand-ins of Debian's packages for images that are missing (as root)
  --build        builds the images, says their sizes, and leaves them
  --cuda         builds the image for GPUs as well, with NVIDIA's libraries, and asks its doctor for them
  --keep         leaves the images for the next run`

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort(new FractalError('interrupted', 'interrupted')))
}

try {
  const values = scriptOptions('compose-shape', {
    bases: { type: 'string', default: 'registry' },
    build: { type: 'boolean', default: false },
    cuda: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  })
  const { bases, build, cuda, keep } = values
  if (values.help || (bases !== 'registry' && bases !== 'local')) {
    printLine(USAGE)
    process.exit(values.help ? 0 : 2)
  }
  await new ComposeRun({
    folder: path.join(defaultStateRoot(), 'compose'),
    localBases: bases === 'local',
    onlyBuild: build,
    cuda,
    keepImages: keep || build,
    interrupted: interrupted.signal,
  }).run()
  if (!build) printLine('the compose file holds')
} catch (error) {
  process.stderr.write(`compose-shape: ${describeError(error)}\n`)
  process.exitCode = interrupted.signal.aborted ? EXIT_INTERRUPTED : 1
}
