import type { Log } from '../base/log.js'
import type { WALLET_OPTIONS } from '../base/options/groups.js'
import type { Options } from '../base/options/options.js'

/** A wallet's options, with its warnings in the log. */
export function walletOf(options: Options<(typeof WALLET_OPTIONS)[number]>, log: Log) {
  return {
    path: options['wallet.path'],
    name: options['wallet.name'],
    hotkey: options['wallet.hotkey'],
    onWarning: (warning: string) => log.warn(warning),
  }
}
