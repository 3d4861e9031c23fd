import { encodeAddress } from '../../../base/crypto.js'
import type { MadeRuntime } from './made-runtime.js'

export const NETUID = 7

export interface MadeSubnet {
  /** ss58, by uid; all with a permit. */
  readonly hotkeys: readonly string[]
  readonly commitReveal?: boolean
  readonly tempo?: number
  /** Of the epoch that runs, and the block that it began after. */
  readonly epoch?: number
  readonly lastEpochBlock?: number
  readonly weightsVersionKey?: number
  readonly mechanisms?: number
}

/** Puts a subnet into a made runtime's storage. */
export function putSubnet(runtime: MadeRuntime, subnet: MadeSubnet): void {
  const { hotkeys, commitReveal = true, tempo = 50, epoch = 4, lastEpochBlock = 90 } = subnet
  const put = (item: string, keys: readonly unknown[], value: unknown) =>
    runtime.put('subtensorModule', item, keys, value)
  put('networksAdded', [NETUID], true)
  put('subnetworkN', [NETUID], hotkeys.length)
  put(
    'validatorPermit',
    [NETUID],
    hotkeys.map(() => true),
  )
  for (let mechanism = 0; mechanism < (subnet.mechanisms ?? 1); mechanism++) {
    put(
      'lastUpdate',
      [mechanism * 4096 + NETUID],
      hotkeys.map((_, uid) => 10 * mechanism + uid),
    )
  }
  put('mechanismCountCurrent', [NETUID], subnet.mechanisms ?? 1)
  put('tempo', [NETUID], tempo)
  put('subnetEpochIndex', [NETUID], epoch)
  put('lastEpochBlock', [NETUID], lastEpochBlock)
  put('commitRevealWeightsEnabled', [NETUID], commitReveal)
  put('weightsVersionKey', [NETUID], subnet.weightsVersionKey ?? 0)
  put('maxAllowedUids', [NETUID], hotkeys.length)
  put('subnetOwnerHotkey', [NETUID], hotkeys[0])
  put('stakeThreshold', [], 1_000_000_000)
  for (const [uid, hotkey] of hotkeys.entries()) {
    put('keys', [NETUID, uid], hotkey)
    put('owner', [hotkey], strangerOf(uid))
    put('blockAtRegistration', [NETUID, uid], uid + 1)
    put('totalHotkeyAlpha', [hotkey, NETUID], 1_000_000_000 * (uid + 1))
  }
  runtime.put('timestamp', 'now', [], MADE_AT_SECONDS * 1000)
}

/** What the clock of a made chain says. */
export const MADE_AT_SECONDS = 1_800_000_000

/** An address that nobody has the key of. */
export function strangerOf(number: number): string {
  return encodeAddress(
    new Uint8Array(32)
      .fill(9)
      .with(0, number % 256)
      .with(1, number >> 8),
    42,
  )
}
