import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeAddress } from '../../../base/crypto.js'
import { signText, verifyText } from '../../../base/sr25519.js'
import type { WalletError } from '../../../chain/errors.js'
import { createHotkey, createWallet } from '../../../chain/wallet/create.js'
import { publicKeyOf } from '../../../chain/wallet/key-pair.js'
import { coldkeyAddress, loadHotkey } from '../../../chain/wallet/wallet.js'
import { withFolder } from '../local-harness.js'

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
  async function put(path: string, content: string | Buffer | object): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    const isRaw = typeof content === 'string' || Buffer.isBuffer(content)
    await writeFile(path, isRaw ? content : JSON.stringify(content), { mode: 0o600 })
  }

  /** As a user who may not touch `folder`: root may everything. */
  async function asNobody(use: () => Promise<void>, folder: string): Promise<void> {
    if (process.getuid!() === 0) {
      process.seteuid!(65_534)
      await use().finally(() => process.seteuid!(0))
    } else {
      await chmod(join(folder, 'hk'), 0o000)
      await chmod(folder, 0o500)
      await use().finally(() => chmod(folder, 0o700))
    }
  }

  /** A folder with one hotkey file of this content. */
  function withHotkey(content: string | Buffer | object, use: (path: string) => Promise<void>) {
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

  it('writes wallets that it reads, for their owner only, also under a loose umask', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'wallets')
      const umask = process.umask(0)
      const made = await createWallet({ path, name: 'w', hotkey: 'one', overwrite: false }).finally(
        () => process.umask(umask),
      )
      const warnings: string[] = []
      const onWarning = (warning: string) => warnings.push(warning)
      const signer = await loadHotkey({ path, name: 'w', hotkey: 'one', onWarning })
      assert.equal(signer.ss58, made.hotkey)
      assert.deepEqual(warnings, [])
      assert.equal(await coldkeyAddress({ path, name: 'w' }), made.coldkey)
      assert.notEqual(made.hotkey, made.coldkey)
      for (const file of ['coldkey', 'coldkeypub.txt', 'hotkeys/one', 'hotkeys/onepub.txt']) {
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

  it('gives an existing coldkey a further hotkey, and overwrites only when asked to', () =>
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
      assert.equal(fresh.coldkey, one.coldkey, 'never the coldkey')
      assert.notEqual(fresh.hotkey, one.hotkey)
      assert.deepEqual((await readdir(join(path, 'w'))).sort(), [
        'coldkey',
        'coldkeypub.txt',
        'hotkeys',
      ])
      await rm(join(path, 'w', 'coldkeypub.txt'))
      await assert.rejects(create('three', false), { code: 'wallet_exists' })
      assert.deepEqual((await readdir(join(path, 'w', 'hotkeys'))).sort(), [
        'one',
        'one.backup-1',
        'onepub.txt',
        'two',
        'twopub.txt',
      ])
    }))

  it('keeps a copy of whatever it overwrites, and never an older copy', () =>
    withFolder(async (path) => {
      const wallet = { path, name: 'w', hotkey: 'one' }
      const { hotkey: first } = await createWallet({ ...wallet, overwrite: false })
      const folder = join(path, 'w', 'hotkeys')
      const foreign = '{"made by": "another program"}'
      const copies: string[] = []
      const onCopy = (copy: string) => copies.push(copy)
      await chmod(join(folder, 'one'), 0o644)
      await createWallet({ ...wallet, overwrite: true, onCopy })
      await writeFile(join(folder, 'one'), foreign)
      await createHotkey({ ...wallet, overwrite: true, onCopy })
      assert.deepEqual(copies, [join(folder, 'one.backup-1'), join(folder, 'one.backup-2')])
      assert.equal((await loadHotkey({ ...wallet, hotkey: 'one.backup-1' })).ss58, first)
      assert.equal(await readFile(copies[1]!, 'utf8'), foreign)
      for (const copy of copies) assert.equal((await stat(copy)).mode & 0o777, 0o600, copy)
      // Nothing to copy, and the public part of a key that lives elsewhere.
      await createHotkey({ ...wallet, hotkey: 'two', overwrite: true, onCopy })
      assert.equal(copies.length, 2)
      await rm(join(folder, 'two'))
      await createHotkey({ ...wallet, hotkey: 'two', overwrite: true, onCopy })
      assert.equal(copies[2], join(folder, 'twopub.txt.backup-1'))
    }))

  it('overwrites nothing that it can’t copy', () =>
    withFolder(async (path) => {
      const file = join(path, 'g', 'hotkeys', 'hk')
      const wallet = { path, name: 'g', hotkey: 'hk', overwrite: true }
      await put(file, Buffer.alloc(70_000, 32))
      await assert.rejects(createHotkey(wallet), { code: 'wallet_damaged' })
      assert.equal((await stat(file)).size, 70_000)
      await rm(file)
      await symlink('/nowhere/at/all', file)
      await createHotkey(wallet)
      assert.equal((await loadHotkey(wallet)).ss58.length, 48)
    }))

  it('lets one of two that create the same wallet concurrently win', () =>
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

  const without = (...fields: string[]) =>
    Object.fromEntries(Object.entries(GOLDEN_HOTKEY).filter(([name]) => !fields.includes(name)))
  const key = publicKeyOf(GOLDEN_HOTKEY.ss58Address)!
  const withoutPrefix = (text: string) => text.slice(2).toUpperCase()

  const loadable: [what: string, content: object][] = [
    ['a phrase only', { secretPhrase: GOLDEN_HOTKEY.secretPhrase }],
    ['a seed only', { secretSeed: GOLDEN_HOTKEY.secretSeed }],
    ['a seed without 0x', { secretSeed: withoutPrefix(GOLDEN_HOTKEY.secretSeed) }],
    ['no seed', without('secretSeed')],
    ['a private key and an address', without('secretSeed', 'secretPhrase', 'publicKey')],
    ['no address', without('ss58Address', 'accountId')],
    ['null for what it has not', { ...GOLDEN_HOTKEY, secretPhrase: null, cryptoType: null }],
    ['an address of another network', { ...GOLDEN_HOTKEY, ss58Address: encodeAddress(key, 0) }],
  ]
  for (const [what, content] of loadable) {
    it(`reads a hotkey file with ${what}`, () =>
      withHotkey(content, async (path) => {
        const signer = await load(path)
        assert.equal(signer.ss58, GOLDEN_HOTKEY.ss58Address)
        assert.ok(verifyText(signer.ss58, 'hello', signText(signer, 'hello')))
      }))
  }

  const phrase24 = `${'abandon '.repeat(23)}art`
  const refused: [what: string, content: string | Buffer | object, code: string, says: RegExp][] = [
    ['truncated', JSON.stringify(GOLDEN_HOTKEY).slice(0, 300), 'wallet_damaged', /is truncated/],
    ['empty', '', 'wallet_damaged', /is empty/],
    ['blank', ' \n', 'wallet_damaged', /is empty/],
    ['binary', Buffer.from([0x7f, 0x45, 0, 0xff]), 'wallet_damaged', /is binary/],
    ['huge', Buffer.alloc(70_000, 32), 'wallet_damaged', /has 70000 bytes/],
    ['no object', '[1, 2]', 'wallet_damaged', /is truncated, or is not a key file/],
    ['bare hexadecimal', GOLDEN_HOTKEY.secretSeed, 'wallet_damaged', /bare hexadecimal/],
    ['quoted hexadecimal', `"${GOLDEN_HOTKEY.secretSeed}"`, 'wallet_damaged', /bare hexadecimal/],
    ['a bare phrase', `${GOLDEN_HOTKEY.secretPhrase}\n`, 'wallet_damaged', /holds a bare phrase/],
    ['an address', GOLDEN_HOTKEY.ss58Address, 'wallet_damaged', /holds an address/],
    ['a public key only', GOLDEN_COLDKEYPUB, 'wallet_damaged', /holds no secret/],
    ['a short seed', { ...GOLDEN_HOTKEY, secretSeed: '0xfac7' }, 'wallet_damaged', /secretSeed/],
    ['no address', { ...GOLDEN_HOTKEY, ss58Address: '5Dfh' }, 'wallet_damaged', /ss58Address/],
    [
      'a bad phrase',
      { ...GOLDEN_HOTKEY, secretPhrase: 'bottom drive' },
      'wallet_damaged',
      /Phrase/,
    ],
    ['numbers for texts', { ...GOLDEN_HOTKEY, secretSeed: 7 }, 'wallet_damaged', /secretSeed/],
    [
      'a private key of nobody',
      { privateKey: GOLDEN_HOTKEY.privateKey },
      'wallet_damaged',
      /public/,
    ],
    [
      'a private key of another',
      { privateKey: GOLDEN_HOTKEY.privateKey, ss58Address: GOLDEN_COLDKEYPUB.ss58Address },
      'wallet_mismatch',
      /another key/,
    ],
    [
      'another address',
      { ...GOLDEN_HOTKEY, ss58Address: GOLDEN_COLDKEYPUB.ss58Address },
      'wallet_mismatch',
      /says 5\w+, but its key is 5\w+/,
    ],
    [
      'another phrase',
      { ...GOLDEN_HOTKEY, secretPhrase: phrase24 },
      'wallet_mismatch',
      /says 5EPCU\w+, but its key is 5Dfh/,
    ],
    ['ed25519', { ...GOLDEN_HOTKEY, cryptoType: 0 }, 'wallet_crypto', /ed25519/],
    ['ecdsa', { ...GOLDEN_HOTKEY, cryptoType: 2 }, 'wallet_crypto', /another kind than sr25519/],
    ['NaCl', `${GOLDEN_ENCRYPTED_START}garbage`, 'wallet_encrypted', /encrypted \(NaCl\)/],
    ['Ansible Vault', '$ANSIBLE_VAULT;1.1;AES256\n64', 'wallet_encrypted', /\(Ansible Vault\)/],
    ['Fernet', 'gAAAAABrA3-zXQ1j72Wu', 'wallet_encrypted', /\(Fernet\)/],
  ]
  for (const [what, content, code, says] of refused) {
    it(`refuses a hotkey file: ${what}`, () =>
      withHotkey(content, async (path) => {
        await assert.rejects(load(path), (error: WalletError) => {
          assert.equal(error.code, code)
          assert.match(error.message, says)
          assert.match(error.message, /hotkeys\/hk/)
          assert.ok(error.hint!.length > 0)
          for (const secret of ['bottom', 'fac7', 'abandon', '05d6558']) {
            assert.ok(!`${error} ${error.hint} ${error.cause}`.includes(secret), secret)
          }
          return true
        })
      }))
  }

  describe('what stands in a hotkey file’s place', () => {
    const refuses = (path: string, code: string, says: RegExp) =>
      assert.rejects(load(path), (error: WalletError) => {
        assert.deepEqual([error.code, says.test(error.message)], [code, true], error.message)
        return true
      })

    it('may be a link, and its end has the permissions', () =>
      withHotkey(GOLDEN_HOTKEY, async (path) => {
        const file = join(path, 'g', 'hotkeys', 'hk')
        await symlink(file, join(path, 'g', 'hotkeys', 'link'))
        const warnings: string[] = []
        const onWarning = (warning: string) => warnings.push(warning)
        const linked = () => loadHotkey({ path, name: 'g', hotkey: 'link', onWarning })
        assert.equal((await linked()).ss58, GOLDEN_HOTKEY.ss58Address)
        assert.deepEqual(warnings, [])
        await chmod(file, 0o640)
        await linked()
        assert.match(String(warnings), /link can be read by others; run: chmod 600 '.*link'$/)
      }))

    it('is refused as a folder, a device, a link to nowhere or in a circle, a file for a folder', () =>
      withFolder(async (path) => {
        const hotkey = join(path, 'g', 'hotkeys', 'hk')
        await mkdir(hotkey, { recursive: true })
        await refuses(path, 'wallet_damaged', /is a folder/)
        await rm(hotkey, { recursive: true })
        await symlink('/dev/zero', hotkey)
        await refuses(path, 'wallet_damaged', /is not a regular file/)
        await rm(hotkey)
        await symlink(join(path, 'nowhere'), hotkey)
        await refuses(path, 'wallet_missing', /is a link that leads nowhere/)
        await assert.rejects(
          createWallet({ path, name: 'g', hotkey: 'hk', overwrite: false }),
          { code: 'wallet_exists' },
          'nor written through',
        )
        await rm(hotkey)
        await symlink(hotkey, hotkey)
        await refuses(path, 'wallet_unreadable', /links form a loop/)
        await rm(join(path, 'g', 'hotkeys'), { recursive: true })
        await writeFile(join(path, 'g', 'hotkeys'), '')
        await refuses(path, 'wallet_unreadable', /a part of its path is not a folder/)
        await assert.rejects(
          createWallet({ path, name: 'g', hotkey: 'hk', overwrite: false }),
          (error: WalletError) =>
            /hotkeys\/hk.* a part of its path is not a folder/.test(error.message),
        )
      }))

    it('is refused when this user may not read it, or may not write its folder', () =>
      withHotkey(GOLDEN_HOTKEY, async (path) => {
        const folder = join(path, 'g', 'hotkeys')
        await chmod(path, 0o755)
        await asNobody(async () => {
          await refuses(path, 'wallet_unreadable', /can't be read: permission denied/)
          await assert.rejects(createHotkey({ path, name: 'g', hotkey: 'new', overwrite: false }), {
            code: 'wallet_unwritable',
            message: /hotkeys\/new can't be written: permission denied/,
          })
        }, folder)
        assert.deepEqual(await readdir(folder), ['hk'])
      }))
  })

  it('makes the key of a phrase, and no coldkey beside it', () =>
    withFolder(async (path) => {
      const phrases: string[] = []
      const wallet = {
        path,
        name: 'w',
        overwrite: false,
        onPhrase: (key: string) => phrases.push(key),
      }
      const phrase = ` ${GOLDEN_HOTKEY.secretPhrase.replaceAll(' ', '\n')}  `
      const coldkey = GOLDEN_COLDKEYPUB.ss58Address
      const made = await createHotkey({ ...wallet, hotkey: 'old', phrase, coldkey })
      assert.deepEqual(made, { hotkey: GOLDEN_HOTKEY.ss58Address, coldkey })
      assert.equal(await coldkeyAddress({ path, name: 'w' }), coldkey)
      assert.equal((await loadHotkey({ path, name: 'w', hotkey: 'old' })).ss58, made.hotkey)
      assert.deepEqual(phrases, [], 'nothing was drawn')
      assert.deepEqual((await readdir(join(path, 'w'))).sort(), ['coldkeypub.txt', 'hotkeys'])

      const more = await createHotkey({ ...wallet, hotkey: 'more' })
      assert.equal(more.coldkey, coldkey)
      assert.deepEqual(phrases, ['hotkey'])
      const elsewhere = { ...wallet, hotkey: 'x', coldkey: GOLDEN_HOTKEY.ss58Address }
      await assert.rejects(createHotkey(elsewhere), { code: 'wallet_mismatch' })
      for (const bad of ['5Dfh', encodeAddress(key, 0)]) {
        const other = { ...wallet, name: 'v', hotkey: 'x', coldkey: bad }
        await assert.rejects(createHotkey(other), { code: 'wallet_name' })
      }
      const spoilt = phrase.replace('bottom', 'drive')
      await assert.rejects(
        createHotkey({ ...wallet, hotkey: 'x', phrase: spoilt }),
        (error: Error) => {
          assert.match(error.message, /words: 12\) is not the phrase/)
          return !/obey/.test(error.message)
        },
      )
      assert.equal((await createHotkey({ ...wallet, name: 'bare', hotkey: 'x' })).coldkey, null)
    }))

  it('makes no second key of a name that lives elsewhere', () =>
    withFolder(async (path) => {
      await put(join(path, 'w', 'hotkeys', 'hkpub.txt'), GOLDEN_HOTKEY)
      const wallet = { path, name: 'w', hotkey: 'hk', overwrite: false }
      await assert.rejects(createHotkey(wallet), { code: 'wallet_exists', message: /elsewhere/ })
      const brought = await createHotkey({ ...wallet, phrase: GOLDEN_HOTKEY.secretPhrase })
      assert.equal(brought.hotkey, GOLDEN_HOTKEY.ss58Address)
    }))

  it('reads the coldkey’s address as the first wallets wrote it, and refuses what is none', () =>
    withFolder(async (path) => {
      const file = join(path, 'w', 'coldkeypub.txt')
      const read = () => coldkeyAddress({ path, name: 'w' })
      await put(file, `${GOLDEN_COLDKEYPUB.publicKey}\n`)
      assert.equal(await read(), GOLDEN_COLDKEYPUB.ss58Address)
      await put(file, { ss58Address: GOLDEN_COLDKEYPUB.ss58Address, accountId: null })
      assert.equal(await read(), GOLDEN_COLDKEYPUB.ss58Address)
      await put(file, { accountId: GOLDEN_COLDKEYPUB.accountId, cryptoType: 0 })
      assert.equal(await read(), GOLDEN_COLDKEYPUB.ss58Address, 'a coldkey may be of another kind')
      await put(file, { ...GOLDEN_COLDKEYPUB, publicKey: GOLDEN_HOTKEY.publicKey })
      await assert.rejects(read(), { code: 'wallet_mismatch' })
      for (const bad of ['{', '{}', '0x12', `{"ss58Address":"${GOLDEN_HOTKEY.ss58Address}x"}`]) {
        await put(file, bad)
        await assert.rejects(read(), { code: 'wallet_damaged' }, bad)
      }
    }))

  it('refuses a missing wallet, and names that leave the folder', () =>
    withFolder(async (path) => {
      await assert.rejects(load(path), { code: 'wallet_missing' })
      await assert.rejects(coldkeyAddress({ path, name: 'g' }), { code: 'wallet_missing' })
      for (const name of ['..', '../g', 'a/b', '']) {
        await assert.rejects(loadHotkey({ path, name, hotkey: 'hk' }), { code: 'wallet_name' })
      }
    }))
})
