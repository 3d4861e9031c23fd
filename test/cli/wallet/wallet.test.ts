import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAndPrint, type NewWallet } from '../../../cli/wallet/create.js'
import { refusePhraseInArguments } from '../../../cli/wallet/read-phrase.js'
import { COMPILED_BIN } from '../../support/bin.js'
import { type CliResult, runCli } from '../run-cli.js'

/** From every book: a key of nobody. */
const PHRASE = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk'
const ADDRESS = '5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV'

describe('fractal wallet', function () {
  this.timeout(240_000)
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-wallet-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const wallet = (...args: string[]) =>
    runCli(['wallet', ...args], { env: { FRACTAL_WALLET_PATH: folder } })

  /** With text piped to its standard input. */
  function piped(input: string, ...args: string[]): Promise<CliResult> {
    const child = spawn(process.execPath, [
      COMPILED_BIN,
      'wallet',
      ...args,
      '--wallet.path',
      folder,
    ])
    const result = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      result.stderr += text
    })
    child.stdin.end(input)
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...result })))
  }

  it('makes a wallet and shows it, and never its secrets', async () => {
    const made = await wallet('create', '--json')
    assert.equal(made.code, 0, made.stderr)
    const { hotkey, coldkey, ...files } = JSON.parse(made.stdout)
    const file = join(folder, 'default', 'hotkeys', 'default')
    assert.deepEqual(files, {
      hotkey_file: file,
      coldkey_file: join(folder, 'default', 'coldkeypub.txt'),
      coldkey_secret_file: join(folder, 'default', 'coldkey'),
      replaced_file: null,
    })
    const before = await readFile(file, 'utf8')
    await chmod(file, 0o644)
    const [shown, listed, again] = await Promise.all([
      wallet('show', '--json'),
      wallet('show'),
      wallet('create'),
    ])
    assert.equal(shown.code, 0, shown.stderr)
    const states = JSON.parse(shown.stdout)
    assert.deepEqual(states.hotkey, {
      file,
      address: hotkey,
      usable: true,
      permissions: '0644',
      fix: `chmod 600 '${file}'`,
      problem: null,
    })
    assert.deepEqual([states.coldkey.address, states.coldkey.secret], [coldkey, 'plain'])
    assert.match(listed.stdout, new RegExp(`^hotkey +${hotkey} +yes +0644 `, 'm'))
    assert.match(listed.stdout, /^coldkey: its secret is here, NOT ENCRYPTED/m)
    assert.match(listed.stdout, /^hotkey: readable by others; run: chmod 600 '/m)
    assert.equal(again.code, 1)
    assert.match(again.stderr, /^fractal: .*hotkeys\/default exists and is not overwritten\n {2}\S/)
    assert.equal(await readFile(file, 'utf8'), before)
    const { secretPhrase, secretSeed } = JSON.parse(before)
    for (const { stdout, stderr } of [made, shown, listed, again]) {
      for (const secret of [secretPhrase, secretSeed, secretSeed.slice(2)]) {
        assert.ok(!`${stdout}${stderr}`.includes(secret))
      }
    }
  })

  it('takes a hotkey’s phrase from a file or from standard input, never from the command line', async () => {
    const file = join(folder, 'phrase')
    await writeFile(file, `${PHRASE}\n`)
    const words = PHRASE.split(' ')
    const [named, input, spoilt, absent, inArguments] = await Promise.all([
      wallet('create', '--wallet.name', 'a', '--mnemonic', file, '--coldkey-address', ADDRESS),
      piped(`\n${PHRASE}`, 'create', '--wallet.name', 'b', '--mnemonic', '-', '--json'),
      piped(`${PHRASE} walk`, 'create', '--wallet.name', 'c', '--mnemonic', '-'),
      wallet('create', '--wallet.name', 'd', '--mnemonic', join(folder, 'none')),
      wallet('create', '--wallet.name', 'e', '--mnemonic', ...words),
    ])
    assert.equal(named.code, 0, named.stderr)
    assert.match(named.stdout, new RegExp(`^hotkey +${ADDRESS}\n.*\ncoldkey +${ADDRESS}\n`))
    assert.deepEqual((await readdir(join(folder, 'a'))).sort(), ['coldkeypub.txt', 'hotkeys'])
    assert.equal(input.code, 0, input.stderr)
    const { hotkey, coldkey, coldkey_secret_file } = JSON.parse(input.stdout)
    assert.deepEqual([hotkey, coldkey, coldkey_secret_file], [ADDRESS, null, null])
    assert.deepEqual([spoilt.code, absent.code], [1, 2])
    assert.match(spoilt.stderr, /words: 13\) is not the phrase of a key/)
    assert.equal(inArguments.code, 2)
    assert.match(inArguments.stderr, /^fractal: Do not put the phrase itself on the command line/)
    for (const word of words) assert.ok(!` ${inArguments.stderr} `.includes(` ${word} `), word)
    for (const none of ['c', 'd', 'e']) {
      await assert.rejects(stat(join(folder, none)), { code: 'ENOENT' }, none)
    }
  })

  it('knows a phrase by its words, quoted or not', () => {
    for (const args of [[PHRASE], PHRASE.split(' '), ['bottom', 'drive']]) {
      assert.throws(() => refusePhraseInArguments(['create', '--mnemonic', ...args]), {
        code: 'usage',
      })
      const [first, ...rest] = args
      assert.throws(() => refusePhraseInArguments([`--mnemonic=${first}`, ...rest]), {
        code: 'usage',
      })
    }
    for (const args of [['-'], ['phrase'], ['/a/b c.txt', '--json'], ['phrase', '--json'], []]) {
      refusePhraseInArguments(['create', '--mnemonic', ...args])
    }
    refusePhraseInArguments(['show'])
  })

  it('says what is wrong with a hotkey, after what it found; a role stops with the same line', async () => {
    const hotkeys = join(folder, 'half', 'hotkeys')
    await mkdir(hotkeys, { recursive: true })
    await writeFile(join(hotkeys, 'default'), '{"secretSeed":"0xfac7', { mode: 0o600 })
    const env = { FRACTAL_WALLET_PATH: folder, FRACTAL_WALLET_NAME: 'half' }
    const [missing, role] = await Promise.all([
      wallet('show', '--json'),
      runCli(['prover', '--device', 'cpu'], { env }),
    ])
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /^fractal: there is no key file .*\n {2}.*fractal wallet create/)
    const { hotkey, coldkey } = JSON.parse(missing.stdout)
    assert.deepEqual([hotkey.usable, hotkey.problem.code], [false, 'wallet_missing'])
    assert.deepEqual([coldkey.usable, coldkey.secret], [false, 'absent'])
    assert.deepEqual([role.code, role.stdout], [1, ''])
    assert.match(
      role.stderr,
      /^fractal: .*half\/hotkeys\/default is truncated, .*\n {2}Restore it .*\n$/,
    )
  })

  it('shows a new phrase on a terminal only, and only when asked', async () => {
    const wanted: NewWallet = {
      mnemonic: undefined,
      coldkey: undefined,
      hotkeyOnly: true,
      overwrite: false,
      showPhrase: true,
      json: false,
    }
    const create = (hotkey: string, more: Partial<NewWallet>, isTTY: boolean) =>
      printed(() =>
        createAndPrint(
          { 'wallet.path': folder, 'wallet.hotkey': hotkey },
          { ...wanted, ...more },
          { isTTY },
        ),
      )
    await assert.rejects(create('one', {}, false), {
      code: 'usage',
      message: /requires a terminal/,
    })
    await assert.rejects(create('one', { json: true }, true), { code: 'usage' })
    assert.deepEqual(await readdir(folder), [], 'nothing was made')
    const phraseOf = async (hotkey: string) =>
      JSON.parse(await readFile(join(folder, 'default', 'hotkeys', hotkey), 'utf8')).secretPhrase
    const shown = await create('one', {}, true)
    assert.ok(shown.includes(`phrase of the hotkey: ${await phraseOf('one')}\n`))
    const silent = await create('two', { showPhrase: false }, true)
    assert.ok(!silent.includes(await phraseOf('two')))
  })
})

/** What is printed meanwhile. */
async function printed(run: () => Promise<void>): Promise<string> {
  const real = process.stdout.write
  let text = ''
  process.stdout.write = ((chunk: string) => {
    text += chunk
    return true
  }) as typeof process.stdout.write
  try {
    await run()
  } finally {
    process.stdout.write = real
  }
  return text
}
