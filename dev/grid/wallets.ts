import { setTimeout as sleep } from 'node:timers/promises'
import { ChainError, WalletError } from '../../chain/errors.js'
import { connectLocalChain } from '../../chain/local/adapter.js'
import type { AdminCall } from '../../chain/local/admin-call.js'
import { type LocalAdmin, localAdmin } from '../../chain/local/admin-client.js'
import { createWallet } from '../../chain/wallet/create.js'
import { coldkeyAddress, loadHotkey } from '../../chain/wallet/wallet.js'

export interface GridWallet {
  readonly name: string
  readonly hotkey: string
  readonly coldkey: string
}

/** Stake of the demo's verifier on its own chain: enough for a permit. */
const VERIFIER_STAKE_RAO = 10_000n * 10n ** 9n

/** Weights every few blocks, one validator. */
const SUBNET = {
  tempo: 20,
  weightsRateLimit: 5,
  immunityPeriod: 100,
  maxValidators: 1,
  servingRateLimit: 0,
}

/** The wallets by name, in the standard format and with coldkeys of their own; made when missing. */
export async function gridWallets(path: string, names: readonly string[]): Promise<GridWallet[]> {
  const wallets: GridWallet[] = []
  for (const name of names) {
    const wallet = { path, name, hotkey: 'default' }
    try {
      const signer = await loadHotkey(wallet)
      wallets.push({ name, hotkey: signer.ss58, coldkey: await coldkeyAddress({ path, name }) })
    } catch (error) {
      if (!(error instanceof WalletError && error.code === 'wallet_missing')) throw error
      wallets.push({ name, ...(await createWallet({ ...wallet, overwrite: false })) })
    }
  }
  return wallets
}

/** Puts the grid on its own chain: one subnet, everybody registered, the verifier with a permit. */
export async function registerGrid(
  endpoint: string,
  netuid: number,
  verifier: GridWallet,
  provers: readonly GridWallet[],
): Promise<void> {
  const admin = localAdmin(endpoint)
  const chain = await connectLocalChain(endpoint)
  try {
    await admin.call({ name: 'setParams', netuid, params: SUBNET })
    for (;;) {
      const { neurons } = await chain.metagraph(netuid)
      const known = new Set(neurons.map((neuron) => neuron.hotkey))
      const missing = [verifier, ...provers].filter(({ hotkey }) => !known.has(hotkey))
      const stake = neurons.find((neuron) => neuron.hotkey === verifier.hotkey)?.stakeRao ?? 0n
      if (missing.length === 0 && stake === VERIFIER_STAKE_RAO) return
      for (const { hotkey, coldkey } of missing) {
        await callOnce(admin, { name: 'register', netuid, hotkey, coldkey })
      }
      const stakeRao = String(VERIFIER_STAKE_RAO)
      await admin.call({ name: 'setStake', netuid, hotkey: verifier.hotkey, stakeRao })
      // An admin's change is in the next block, and forgotten when the chain is killed before it.
      const { number } = await chain.head()
      while ((await chain.head()).number === number) await sleep(50)
    }
  } finally {
    await chain.close()
  }
}

async function callOnce(admin: LocalAdmin, call: AdminCall): Promise<void> {
  try {
    await admin.call(call)
  } catch (error) {
    // Asked for in the round before, and not in a block yet.
    if (!(error instanceof ChainError && error.code === 'HotKeyAlreadyRegisteredInSubNet'))
      throw error
  }
}
