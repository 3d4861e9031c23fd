import { WALLET_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { createHotkey, createWallet } from '../../chain/wallet/create.js'
import { walletPaths } from '../../chain/wallet/paths.js'
import { printJson, printLine } from '../output.js'
import { UsageError } from '../usage-error.js'
import { readPhrase } from './read-phrase.js'

export interface NewWallet {
  /** A file with the hotkey's phrase, or `-`; undefined: a new one is drawn. */
  readonly mnemonic: string | undefined
  /** The coldkey's address: its secret is elsewhere. */
  readonly coldkey: string | undefined
  readonly hotkeyOnly: boolean
  readonly overwrite: boolean
  readonly showPhrase: boolean
  readonly json: boolean
}

/** Where a phrase may be shown. */
export interface Screen {
  readonly isTTY?: boolean
}

/** Makes a wallet; prints addresses and files, and a phrase only on a screen and when asked. */
export async function createAndPrint(
  given: Readonly<Record<string, unknown>>,
  wanted: NewWallet,
  screen: Screen = process.stdout,
): Promise<void> {
  const { mnemonic, coldkey, overwrite, json } = wanted
  if (wanted.showPhrase && (json || screen.isTTY !== true)) {
    throw new UsageError(
      '--show-phrase requires a terminal and no --json: a mnemonic must not end up in a file or a log.',
      'It is also in the hotkey’s file, as secretPhrase.',
    )
  }
  if (wanted.showPhrase && mnemonic !== undefined) {
    throw new UsageError('--show-phrase prints a new mnemonic; with --mnemonic there is none.')
  }
  const options = resolveOptions(WALLET_OPTIONS, given, process.env)
  const name = {
    path: options['wallet.path'],
    name: options['wallet.name'],
    hotkey: options['wallet.hotkey'],
  }
  const drawn = new Map<'hotkey' | 'coldkey', string>()
  const copies: string[] = []
  const phrase = mnemonic === undefined ? undefined : await readPhrase(mnemonic)
  const order = {
    ...name,
    overwrite,
    ...(phrase === undefined ? {} : { phrase }),
    onPhrase: (key: 'hotkey' | 'coldkey', its: string) => drawn.set(key, its),
    onCopy: (path: string) => copies.push(path),
  }
  // A hotkey restored from a phrase has an owner already: a new coldkey would not be it.
  const isAlone = wanted.hotkeyOnly || coldkey !== undefined || phrase !== undefined
  const made = isAlone
    ? await createHotkey(coldkey === undefined ? order : { ...order, coldkey })
    : await createWallet(order)
  const paths = walletPaths(name)
  const isNewColdkey = drawn.has('coldkey')
  if (json) {
    const coldkeyFile = made.coldkey === null ? null : paths.coldkeyPub
    printJson({
      ...made,
      hotkeyFile: paths.hotkey,
      coldkeyFile,
      coldkeySecretFile: isNewColdkey ? paths.coldkey : null,
      replacedFile: copies[0] ?? null,
    })
    return
  }
  printLine(`hotkey   ${made.hotkey}`)
  printLine(`         ${paths.hotkey}`)
  for (const copy of copies) printLine(`         ${copy}: the previous file`)
  if (made.coldkey === null) printLine('coldkey  none is known to this wallet')
  else {
    printLine(`coldkey  ${made.coldkey}`)
    printLine(`         ${paths.coldkeyPub}`)
  }
  if (isNewColdkey) {
    printLine(
      `         ${paths.coldkey}: its secret, NOT ENCRYPTED: for tests. For real funds make the`,
    )
    printLine(
      '         coldkey with btcli on another machine and give its address: --coldkey-address',
    )
  }
  printLine(
    '\nBack up: copy the hotkey’s file to a place that only you can read. It holds the secret and the phrase',
  )
  printLine('that restores the key (fractal wallet create --mnemonic -). Nothing else can.')
  if (wanted.showPhrase) tellPhrases(drawn)
}

function tellPhrases(drawn: ReadonlyMap<string, string>): void {
  printLine('')
  for (const [key, phrase] of drawn) printLine(`phrase of the ${key}: ${phrase}`)
  printLine('Write it down now, then clear this screen: it is not shown again.')
}
