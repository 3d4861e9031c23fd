import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Keyring } from '@polkadot/keyring'
import { sr25519Ready } from '../../../base/sr25519.js'
import type { WalletError } from '../../../chain/errors.js'
import { createHotkey } from '../../../chain/wallet/create.js'
import { walletState } from '../../../chain/wallet/state.js'
import { coldkeyAddress, loadHotkey } from '../../../chain/wallet/wallet.js'
import { withFolder } from '../local-harness.js'

/** From every book: keys of nobody. */
const PHRASE = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk'
const SEED = 'fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e'

/** What today's programs write, made here where their code is at hand. */
async function formats(): Promise<Record<string, { text: string; says: RegExp; hint: RegExp }>> {
  await sr25519Ready()
  const pair = new Keyring({ type: 'sr25519' }).addFromMnemonic(PHRASE, { name: 'validator' })
  const backup = pair.toJson('a password')
  const { privateKey } = generateKeyPairSync('ed25519')
  const solana = [...randomBytes(64)]
  const otherName = /Leave it as it is; under another name/
  const notOurs = /choose another --wallet\.hotkey/
  return {
    'Polkadot.js': {
      text: JSON.stringify(backup),
      says: /holds a JSON backup of Polkadot\.js.*one account/,
      hint: /under another name, with its password: btcli wallet regen-hotkey .*--json FILE/,
    },
    'Polkadot.js, all accounts': {
      text: JSON.stringify({
        encoded: 'XqYHN9qEbF94Ch',
        encoding: { content: ['batch-pkcs8'], type: ['scrypt', 'xsalsa20-poly1305'], version: '3' },
        accounts: [{ address: backup.address, meta: backup.meta }],
      }),
      says: /several accounts/,
      hint: otherName,
    },
    'an Ethereum keystore': {
      text: JSON.stringify({
        version: 3,
        id: '3198bc9c-6672-5ab3-d995-4942343ae5b6',
        address: '008aeeda4d805471df9b2a5b0f38a0c3bcba786b',
        crypto: {
          ciphertext: 'd172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c',
          cipherparams: { iv: '83dbcc02d8ccb40e466191a123791e0e' },
          cipher: 'aes-128-ctr',
          kdf: 'scrypt',
          kdfparams: { dklen: 32, n: 262144, p: 8, r: 1, salt: 'ab0c' },
          mac: '2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097',
        },
      }),
      says: /a keystore of Ethereum/,
      hint: notOurs,
    },
    'a MetaMask vault': {
      text: JSON.stringify({ data: 'Zm9v', iv: 'YmFy', salt: 'YmF6' }),
      says: /a vault of MetaMask/,
      hint: notOurs,
    },
    'Solana’s id.json': {
      text: JSON.stringify(solana),
      says: /a keypair of Solana/,
      hint: notOurs,
    },
    'a PEM': {
      text: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      says: /holds PEM \(PRIVATE KEY\)/,
      hint: notOurs,
    },
    'an SSH key': {
      text: '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
      says: /PEM \(OPENSSH PRIVATE KEY\)/,
      hint: notOurs,
    },
    'a phrase': {
      text: `${PHRASE.replaceAll(' ', '\n')}\n`,
      says: /a bare phrase/,
      hint: /wallet create --wallet\.hotkey NAME --mnemonic FILE/,
    },
    'a phrase as a node’s keystore has it': {
      text: JSON.stringify(PHRASE),
      says: /a bare phrase/,
      hint: otherName,
    },
    'a seed': { text: SEED, says: /bare hexadecimal/, hint: /--seed 0x/ },
    'a seed of digits alone': { text: '7'.repeat(64), says: /bare hexadecimal/, hint: /--seed 0x/ },
    'a private key': {
      text: `0x${SEED}${SEED}`,
      says: /a private key in bare hexadecimal/,
      hint: otherName,
    },
    'a private key of Solana’s wallets': {
      text: '5J'.padEnd(88, 'x'),
      says: /in base58/,
      hint: notOurs,
    },
    'an address': { text: backup.address, says: /an address, not a key/, hint: notOurs },
    'another program’s JSON': {
      text: '{"key": 1}',
      says: /without a field of a key file/,
      hint: notOurs,
    },
  }
}

/** Whatever stands in a key file may be a secret. */
function assertNoSecret(error: WalletError, text: string): void {
  const told = `${error.message} ${error.hint}`
  for (const part of text.match(/[A-Za-z0-9+/=]{16,}/g) ?? []) assert.ok(!told.includes(part), part)
  assert.ok(!told.includes('bottom'), told)
}

describe('key files of other programs', () => {
  const wallet = { name: 'w', hotkey: 'hk' }

  function withFile(name: string, text: string, use: (path: string) => Promise<void>) {
    return withFolder(async (path) => {
      await mkdir(join(path, 'w', 'hotkeys'), { recursive: true })
      await writeFile(join(path, 'w', name), text, { mode: 0o600 })
      await use(path)
    })
  }

  it('are named, with a hint that destroys nothing', async () => {
    for (const [what, { text, says, hint }] of Object.entries(await formats())) {
      await withFile('hotkeys/hk', text, async (path) => {
        await assert.rejects(loadHotkey({ path, ...wallet }), (error: WalletError) => {
          assert.equal(error.code, 'wallet_damaged', what)
          assert.match(error.message, says, what)
          assert.match(error.hint!, hint, what)
          assert.doesNotMatch(error.hint!, /overwrite/, what)
          assertNoSecret(error, text)
          return true
        })
      })
    }
  })

  it('are named where a coldkey’s address is looked for, and where a phrase is', async () => {
    const { 'Polkadot.js': backup, 'Solana’s id.json': solana } = await formats()
    await withFile('coldkeypub.txt', backup!.text, async (path) => {
      await assert.rejects(coldkeyAddress({ path, name: 'w' }), (error: WalletError) => {
        assert.match(error.message, backup!.says)
        assert.match(error.hint!, /regen-coldkeypub/)
        assertNoSecret(error, backup!.text)
        return true
      })
    })
    for (const { text, says } of [backup!, solana!]) {
      const order = { ...wallet, path: '/nowhere', overwrite: false, phrase: text }
      await assert.rejects(createHotkey(order), (error: WalletError) => {
        assert.equal(error.code, 'wallet_phrase')
        assert.match(error.message, says)
        assertNoSecret(error, text)
        return true
      })
    }
  })

  it('are a coldkey’s secret, encrypted or not', async () => {
    const { 'Polkadot.js': backup, 'a PEM': pem } = await formats()
    for (const [text, secret] of [
      [backup!.text, 'encrypted'],
      [pem!.text, 'plain'],
    ] as const) {
      await withFile('coldkey', text, async (path) => {
        assert.equal((await walletState({ path, ...wallet })).coldkey.secret, secret)
      })
    }
  })
})
