import type { CommandModule } from 'yargs'
import { WALLET_OPTIONS } from '../../base/options/groups.js'
import { commandGroup } from '../command-group.js'
import { withOptions } from '../options.js'
import { UsageError } from '../usage-error.js'

const verify: CommandModule = {
  command: 'verify <file>',
  describe: 'check evidence of a cheat: who signed what, and that the verdict follows',
  builder: (argv) =>
    withOptions(
      argv.positional('file', {
        type: 'string',
        describe: 'file: the evidence, or - for standard input',
      }),
      ['model.dir'],
    )
      .option('recompute', {
        type: 'boolean',
        default: false,
        describe: 'compute here what the verifier computed, and compare',
      })
      .option('device', {
        type: 'string',
        requiresArg: true,
        describe: 'with --recompute: cpu or cuda [FRACTAL_DEVICE]',
        defaultDescription: 'cpu',
      })
      .option('json', { type: 'boolean', describe: 'print JSON' }),
  handler: async (given) => {
    const { verifyEvidence } = await import('../evidence/verify-evidence.js')
    await verifyEvidence({
      file: String(given.file),
      recompute: given.recompute === true,
      json: given.json === true,
      given,
    })
  },
}

const get: CommandModule = {
  command: 'get <sha256>',
  describe: 'fetch the evidence of a cheat that this hotkey is accused of',
  builder: (argv) =>
    withOptions(
      argv.positional('sha256', {
        type: 'string',
        describe: 'sha256: of the evidence, as the prover’s page says it',
      }),
      WALLET_OPTIONS,
    )
      .option('api', {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'the verifier’s API: https://HOST[:PORT]',
      })
      .option('out', {
        type: 'string',
        requiresArg: true,
        describe: 'file to write',
        default: 'evidence.json',
      }),
  handler: async (given) => {
    const [sha256, api] = [String(given.sha256), String(given.api)]
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new UsageError('sha256: 64 hex digits.')
    if (!URL.canParse(api) || !/^https?:/.test(api)) {
      throw new UsageError('--api takes one address: https://HOST[:PORT].')
    }
    const { getEvidence } = await import('../evidence/get-evidence.js')
    await getEvidence({ sha256, api, out: String(given.out), given })
  },
}

export const evidenceCommand = commandGroup('evidence', 'evidence of cheats: fetch it, check it', [
  verify,
  get,
])
