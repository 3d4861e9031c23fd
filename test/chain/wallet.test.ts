import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { signText, verifyText } from '../../base/sr25519.js'
import { coldkeyAddress, createWallet, loadHotkey } from '../../chain/wallet.js'
import { withFolder } from './local-harness.js'

/**
 * Written by PyPI bittensor-wallet 4.1.1 (`regenerate_hotkey`, `regenerate_coldkey`) from two phrases
 * that are in every book: keys of nobody.
 */
const GOLDEN_HOTKEY = {
  privateKey:
    '0x05d65584630d16cd4af6d0bec10f34bb504a5dcb62dba2122d49f5a663763d0afd190cce74df356432b410bd64682309d6dedb27c76845daf388557cbac3ca34',
  secretSeed: '0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e',
  publicKey: '0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a',
  cryptoType: 1,
  accountId: '0x46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a',
  secretPhrase: 'bottom drive obey lake curtain smoke basket hold race lonely fit walk',
  ss58Address: '5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV',
}
const GOLDEN_COLDKEYPUB = {
  ss58Address: '5EHgWw2Af1pnoc7f1A8bfmM97W3DAYW8xr82RfhLL9oAabAe',
  accountId: '0x625e25364c7b68e0a83065ccb40afed43f8fe933e669b24f3d69a57eddb3b715',
  cryptoType: 1,
  publicKey: '0x625e25364c7b68e0a83065ccb40afed43f8fe933e669b24f3d69a57eddb3b715',
}
/** The Python wallet's signature of `hello` by this hotkey. */
const GOLDEN_SIGNATURE =
  '0x00d7c0bd53807a6dbdaee489cc6423f56d3af7dfbd26b1c47e0edf90a9881b6f84346c9ff3f5a7314674814e150ecd439af1e5075f3b6afc1f6674b843710983'
const GOLDEN_ENCRYPTED_START = '$NACL\x95D\x94'

describe('wallets', () => {
  async function put(path: string, content: string | object): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    await writeFile(path, text, { mode: 0o600 })
  }

  /** A folder with one hotkey file of this content. */
  function withHotkey(content: string | object, use: (path: string) => Promise<void>) {
    return withFolder(async (path) => {
      await put(join(path, 'g', 'hotkeys', 'hk'), content)
      await use(path)
    })
  }
  const load = (path: string) => loadHotkey({ path, name: 'g', hotkey: 'hk' })

  it('reads what the Python wallet writes', () =>
    withHotkey(GOLDEN_HOTKEY, async (path) => {
      const signer = await load(path)
      assert.equal(signer.ss58, GOLDEN_HOTKEY.ss58Address)
      assert.ok(verifyText(GOLDEN_HOTKEY.ss58Address, 'hello', signText(signer, 'hello')))
      assert.ok(verifyText(signer.ss58, 'hello', GOLDEN_SIGNATURE))
      await put(join(path, 'g', 'coldkeypub.txt'), GOLDEN_COLDKEYPUB)
      const coldkey = await coldkeyAddress({ path, name: 'g' })
      assert.equal(coldkey, GOLDEN_COLDKEYPUB.ss58Address)
    }))

  it('reads a hotkey that has its phrase only', () => {
    const { secretSeed: _, ...rest } = GOLDEN_HOTKEY
    return withHotkey(rest, async (path) => {
      assert.equal((await load(path)).ss58, GOLDEN_HOTKEY.ss58Address)
    })
  })

  it('writes wallets that it reads, for their owner only', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'wallets')
      const made = await createWallet({ path, name: 'w', hotkey: 'one', overwrite: false })
      const warnings: string[] = []
      const onWarning = (warning: string) => warnings.push(warning)
      const signer = await loadHotkey({ path, name: 'w', hotkey: 'one', onWarning })
      assert.equal(signer.ss58, made.hotkey)
      assert.deepEqual(warnings, [])
      assert.equal(await coldkeyAddress({ path, name: 'w' }), made.coldkey)
      assert.notEqual(made.hotkey, made.coldkey)
      for (const file of ['coldkey', 'coldkeypub.txt', 'hotkeys/one']) {
        assert.equal((await stat(join(path, 'w', file))).mode & 0o777, 0o600, file)
      }
      for (const part of ['', 'w', 'w/hotkeys']) {
        assert.equal((await stat(join(path, part))).mode & 0o777, 0o700, part)
      }
      const text = await readFile(join(path, 'w', 'hotkeys', 'one'), 'utf8')
      assert.deepEqual(Object.keys(JSON.parse(text)).sort(), [
        'accountId',
        'publicKey',
        'secretPhrase',
        'secretSeed',
        'ss58Address',
      ])
    }))

  it('gives an existing coldkey a further hotkey, and overwrites only when told to', () =>
    withFolder(async (path) => {
      const create = (hotkey: string, overwrite: boolean) =>
        createWallet({ path, name: 'w', hotkey, overwrite })
      const one = await create('one', false)
      const two = await create('two', false)
      assert.equal(two.coldkey, one.coldkey)
      assert.notEqual(two.hotkey, one.hotkey)
      await assert.rejects(create('one', false), { code: 'wallet_exists' })
      const again = await loadHotkey({ path, name: 'w', hotkey: 'one' })
      assert.equal(again.ss58, one.hotkey)
      const fresh = await create('one', true)
      assert.notEqual(fresh.coldkey, one.coldkey)
      assert.notEqual(fresh.hotkey, one.hotkey)
      assert.deepEqual((await readdir(join(path, 'w'))).sort(), [
        'coldkey',
        'coldkeypub.txt',
        'hotkeys',
      ])
      await rm(join(path, 'w', 'coldkeypub.txt'))
      await assert.rejects(create('three', false), { code: 'wallet_exists' })
      assert.deepEqual((await readdir(join(path, 'w', 'hotkeys'))).sort(), ['one', 'two'])
    }))

  it('lets one of two that create the same wallet at once win', () =>
    withFolder(async (path) => {
      const create = () => createWallet({ path, name: 'w', hotkey: 'one', overwrite: false })
      const results = await Promise.allSettled([create(), create()])
      const won = results.filter((result) => result.status === 'fulfilled')
      assert.equal(won.length, 1)
      const signer = await loadHotkey({ path, name: 'w', hotkey: 'one' })
      assert.equal(signer.ss58, won[0]!.value.hotkey)
      assert.equal(await coldkeyAddress({ path, name: 'w' }), won[0]!.value.coldkey)
    }))

  it('warns of a file that others can read', () =>
    withHotkey(GOLDEN_HOTKEY, async (path) => {
      await chmod(join(path, 'g', 'hotkeys', 'hk'), 0o644)
      const warnings: string[] = []
      const onWarning = (warning: string) => warnings.push(warning)
      await loadHotkey({ path, name: 'g', hotkey: 'hk', onWarning })
      assert.equal(warnings.length, 1)
      assert.match(warnings[0]!, /chmod 600/)
    }))

  const damaged: [what: string, content: string | object, code: string][] = [
    ['truncated', JSON.stringify(GOLDEN_HOTKEY).slice(0, 300), 'wallet_damaged'],
    ['empty', '', 'wallet_damaged'],
    ['a public key only', GOLDEN_COLDKEYPUB, 'wallet_damaged'],
    ['a seed of another length', { ...GOLDEN_HOTKEY, secretSeed: '0xfac7' }, 'wallet_damaged'],
    ['encrypted', `${GOLDEN_ENCRYPTED_START}garbage`, 'wallet_encrypted'],
    [
      'another address than its seed makes',
      { ...GOLDEN_HOTKEY, ss58Address: GOLDEN_COLDKEYPUB.ss58Address },
      'wallet_mismatch',
    ],
  ]
  for (const [what, content, code] of damaged) {
    it(`refuses a hotkey file: ${what}`, () =>
      withHotkey(content, async (path) => {
        await assert.rejects(load(path), (error: Error & { code: string; hint: string }) => {
          assert.equal(error.code, code)
          assert.match(error.message, /hotkeys\/hk/)
          assert.ok(error.hint.length > 0)
          for (const secret of ['bottom', 'fac7959d']) assert.ok(!String(error).includes(secret))
          return true
        })
      }))
  }

  it('refuses a missing wallet, and names that leave the folder', () =>
    withFolder(async (path) => {
      await assert.rejects(load(path), { code: 'wallet_missing' })
      await assert.rejects(coldkeyAddress({ path, name: 'g' }), { code: 'wallet_missing' })
      for (const name of ['..', '../g', 'a/b', '']) {
        await assert.rejects(loadHotkey({ path, name, hotkey: 'hk' }), { code: 'wallet_name' })
      }
    }))
})
