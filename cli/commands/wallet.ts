import type { CommandModule } from 'yargs'
import type { OptionName } from '../../base/options/options.js'
import { commandGroup } from '../command-group.js'
import { withOptions } from '../options.js'
import { UsageError } from '../usage-error.js'
import { refusePhraseInArguments } from '../wallet/read-phrase.js'

const WALLET: readonly OptionName[] = ['wallet.path', 'wallet.name', 'wallet.hotkey']
const JSON_FLAG = { type: 'boolean', describe: 'print JSON' } as const

const create: CommandModule = {
  command: 'create',
  describe: 'create a hotkey, and a coldkey unless there is one',
  builder: (argv) => {
    refusePhraseInArguments(process.argv)
    return withOptions(argv, WALLET)
      .option('mnemonic', {
        type: 'string',
        requiresArg: true,
        describe: 'file with the hotkey’s mnemonic, or - for standard input; creates no coldkey',
        defaultDescription: 'a new random one',
      })
      .option('coldkey-address', {
        type: 'string',
        requiresArg: true,
        describe: 'the coldkey is kept elsewhere: store only its address (ss58)',
      })
      .option('hotkey-only', { type: 'boolean', default: false, describe: 'create no coldkey' })
      .option('overwrite', {
        type: 'boolean',
        default: false,
        describe: 'replace the hotkey; a copy of the old one is kept beside it',
      })
      .option('show-phrase', {
        type: 'boolean',
        default: false,
        describe: 'print new mnemonics, once; on a terminal only',
      })
      .option('json', JSON_FLAG)
      .example('$0 wallet create --wallet.name prover --coldkey-address 5F…', '')
  },
  handler: async (given) => {
    const text = (name: string) => {
      if (Array.isArray(given[name])) throw new UsageError(`--${name} was given twice.`)
      return given[name] === undefined ? undefined : String(given[name])
    }
    const { createAndPrint: createAndTell } = await import('../wallet/create.js')
    await createAndTell(given, {
      mnemonic: text('mnemonic'),
      coldkey: text('coldkey-address'),
      hotkeyOnly: given['hotkey-only'] === true,
      overwrite: given.overwrite === true,
      showPhrase: given['show-phrase'] === true,
      json: given.json === true,
    })
  },
}

const show: CommandModule = {
  command: 'show',
  describe: 'show addresses, files, permissions and whether a role can use the hotkey; no secrets',
  builder: (argv) => withOptions(argv, WALLET).option('json', JSON_FLAG),
  handler: async (given) => {
    const { showWallet } = await import('../wallet/show.js')
    await showWallet(given, given.json === true)
  },
}

export const walletCommand = commandGroup('wallet', 'btcli-compatible wallets: create, show', [
  create,
  show,
])
