import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { WalletError } from '../../../chain/errors.js'
import { createHotkey, createWallet } from '../../../chain/wallet/create.js'
import { walletState } from '../../../chain/wallet/state.js'
import { loadHotkey } from '../../../chain/wallet/wallet.js'
import { withFolder } from '../local-harness.js'

const STRANGER = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'

describe('a wallet that is not there', () => {
  async function says(wallet: { path: string; name: string; hotkey: string }): Promise<string> {
    const error = await loadHotkey(wallet).then(
      () => assert.fail('it was loaded'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof WalletError)
    assert.equal(error.code, 'wallet_missing')
    const { hotkey } = await walletState(wallet)
    assert.equal(hotkey.problem?.message, error.message)
    assert.equal(hotkey.problem?.hint, error.hint)
    return `${error.message} | ${error.hint}`
  }

  it('is told from an address in place of a name, with the name that it has', async () => {
    await withFolder(async (path) => {
      const wallet = { path, name: 'mine', hotkey: 'miner-1' }
      const made = await createWallet({ ...wallet, overwrite: false })
      assert.equal(
        await says({ ...wallet, hotkey: made.hotkey }),
        `--wallet.hotkey takes a name, not an address (${made.hotkey}) | It is miner-1: --wallet.hotkey miner-1`,
      )
      assert.equal(
        await says({ ...wallet, hotkey: STRANGER }),
        `--wallet.hotkey takes a name, not an address (${STRANGER}) | The hotkeys of wallet mine: miner-1.`,
      )
      assert.equal(
        await says({ ...wallet, name: made.coldkey }),
        `--wallet.name takes a name, not an address (${made.coldkey}) | It is mine: --wallet.name mine`,
      )
      assert.match(
        await says({ path: join(path, 'none'), name: 'mine', hotkey: STRANGER }),
        /not an address .* \| Make one: fractal wallet create\.$/,
      )
    })
  })

  it('comes with the names that are there', async () => {
    await withFolder(async (path) => {
      const wallet = { path, name: 'mine', hotkey: 'miner-1' }
      await createWallet({ ...wallet, overwrite: false })
      await createHotkey({ ...wallet, hotkey: 'miner-1', overwrite: true })
      assert.match(
        await says({ ...wallet, hotkey: 'minr-1' }),
        /^there is no key file .* \| The hotkeys of wallet mine: miner-1\. Check --wallet\.path/,
      )
      await mkdir(join(path, 'other'))
      assert.match(
        await says({ ...wallet, name: 'meins' }),
        /\| The wallets in .*: mine, other\. Check --wallet\.path/,
      )
    })
  })

  it('is not made under an address', async () => {
    await withFolder(async (path) => {
      const wallet = { path, name: 'mine', hotkey: STRANGER, overwrite: false }
      await assert.rejects(createWallet(wallet), { code: 'wallet_name' })
      await assert.rejects(createHotkey({ ...wallet, name: STRANGER, hotkey: 'default' }), {
        code: 'wallet_name',
        message: `--wallet.name takes a name, not an address (${STRANGER})`,
      })
    })
  })
})
