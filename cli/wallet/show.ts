import { WALLET_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { type ColdkeySecret, type KeyState, walletState } from '../../chain/wallet/state.js'
import { printJson, printLine, printTable } from '../output.js'

const SECRET: Readonly<Record<ColdkeySecret, string>> = {
  absent: 'its secret is not on this machine, as it should be',
  encrypted: 'its secret is here, encrypted; better keep it on another machine',
  plain: 'its secret is here, NOT ENCRYPTED: only for tests',
  unreadable: 'its secret file exists and was not read',
}

/**
 * Prints what a role would find, and no secret.
 * @throws WalletError when the hotkey can't be used, after printing
 */
export async function showWallet(
  given: Readonly<Record<string, unknown>>,
  json: boolean,
): Promise<void> {
  const options = resolveOptions(WALLET_OPTIONS, given, process.env)
  const { hotkey, coldkey } = await walletState({
    path: options['wallet.path'],
    name: options['wallet.name'],
    hotkey: options['wallet.hotkey'],
  })
  if (json) {
    printJson({
      hotkey: facts(hotkey),
      coldkey: { ...facts(coldkey), secret: coldkey.secret },
    })
  } else {
    printTable(
      ['key', 'address', 'usable', 'permissions', 'file'],
      [
        ['hotkey', ...cells(hotkey)],
        ['coldkey', ...cells(coldkey)],
      ],
    )
    printLine(`\ncoldkey: ${SECRET[coldkey.secret]}`)
    if (coldkey.problem !== null) printLine(`coldkey: ${coldkey.problem.message}`)
    if (hotkey.fix !== null) printLine(`hotkey: readable by others; run: ${hotkey.fix}`)
  }
  if (hotkey.problem !== null) throw hotkey.problem
}

function cells(key: KeyState): (string | null)[] {
  return [key.address, key.problem === null ? 'yes' : 'no', key.permissions, key.file]
}

function facts({ file, address, permissions, fix, problem }: KeyState) {
  return {
    file,
    address,
    usable: problem === null,
    permissions,
    fix,
    problem:
      problem === null
        ? null
        : { code: problem.code, message: problem.message, hint: problem.hint ?? null },
  }
}
