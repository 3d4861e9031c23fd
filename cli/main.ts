import yargs, { type CommandModule } from 'yargs'
import { hideBin } from 'yargs/helpers'
import { describeError, FractalError } from '../base/errors.js'
import { ownVersion } from '../base/version.js'
import { readArguments, unmarkAll } from './arguments.js'
import { exitOnBrokenPipe } from './broken-pipe.js'
import { isGroup } from './command-group.js'
import { apiCommand } from './commands/api.js'
import { auditCommand } from './commands/audit.js'
import { codecServerCommand } from './commands/codec-server.js'
import { cudaCommand } from './commands/cuda.js'
import { demoCommand } from './commands/demo.js'
import { devnetCommand } from './commands/devnet.js'
import { doctorCommand } from './commands/doctor.js'
import { evidenceCommand } from './commands/evidence.js'
import { generateCommand } from './commands/generate.js'
import { gpuWorkerCommand } from './commands/gpu-worker.js'
import { inferenceWorkerCommand } from './commands/inference-worker.js'
import { intervalCommand } from './commands/interval.js'
import { keyCommand } from './commands/key.js'
import { localnetCommand } from './commands/localnet.js'
import { migrateCommand } from './commands/migrate.js'
import { modelCommand } from './commands/model.js'
import { modelServerCommand } from './commands/model-server.js'
import { promptsCommand } from './commands/prompts.js'
import { proverCommand } from './commands/prover.js'
import { receiptCommand } from './commands/receipt.js'
import { verifierCommand } from './commands/verifier.js'
import { walletCommand } from './commands/wallet.js'
import { explainUsage, NO_COMMAND } from './explain-usage.js'

const MAX_WIDTH = 110
/** Codes of errors that the command line itself caused. */
const USAGE_CODES = new Set(['usage', 'bad_option', 'invalid_request', 'invalid_seed'])

function fail(error: unknown): never {
  process.stderr.write(`fractal: ${describeError(error)}\n`)
  process.exit(error instanceof FractalError && USAGE_CODES.has(error.code) ? 2 : 1)
}

exitOnBrokenPipe(fail)

/** In the order in which `--help` lists them. */
const COMMANDS: readonly CommandModule[] = [
  demoCommand,
  localnetCommand,
  devnetCommand,
  verifierCommand,
  inferenceWorkerCommand,
  gpuWorkerCommand,
  proverCommand,
  apiCommand,
  generateCommand,
  doctorCommand,
  cudaCommand,
  modelCommand,
  modelServerCommand,
  codecServerCommand,
  auditCommand,
  walletCommand,
  migrateCommand,
  intervalCommand,
  keyCommand,
  receiptCommand,
  evidenceCommand,
  promptsCommand,
]

const groups = new Set(COMMANDS.filter(isGroup).map(({ command }) => command))
const args = readArguments(hideBin(process.argv), groups)
const cli = COMMANDS.reduce((all, command) => all.command(command), yargs(args))
  .scriptName('fractal')
  .usage('$0 <command> [options]\n\nA text-to-video grid in which no node has to be trusted.')
  .detectLocale(false)
  .version(ownVersion())
  .help()
  .alias('h', 'help')
  .wrap(Math.min(MAX_WIDTH, process.stdout.columns ?? MAX_WIDTH))
  .parserConfiguration({ 'dot-notation': false, 'camel-case-expansion': false })
  .demandCommand(1, NO_COMMAND)
  .strict()
  .exitProcess(false)
  .fail((message, error) => {
    throw error ?? Object.assign(new Error(message), { name: 'YargsUsage' })
  })
  .middleware(unmarkAll, true)
  .epilogue('Options can also be set in the environment: --a.b as FRACTAL_A_B.')

try {
  await cli.parseAsync()
} catch (error) {
  // Some of what yargs finds wrong it throws by itself.
  const isFound = error instanceof Error && ['YError', 'YargsUsage'].includes(error.name)
  fail(isFound ? explainUsage(error.message, args, await cli.getHelp()) : error)
}
