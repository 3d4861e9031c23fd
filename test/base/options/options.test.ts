import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FractalError } from '../../../base/errors.js'
import { databaseUrl } from '../../../base/options/database-address.js'
import {
  environmentValue,
  OPTIONS,
  type OptionName,
  resolveOptions,
} from '../../../base/options/options.js'

const DATABASE = [
  'database.url',
  'database.host',
  'database.port',
  'database.index',
  'database.user',
  'database.password',
] as const

function one(name: OptionName, given: unknown, env: Record<string, string> = {}): unknown {
  return resolveOptions([name], { [name]: given }, env)[name]
}

function refused(resolve: () => unknown, says: RegExp): void {
  assert.throws(resolve, (error: FractalError) => {
    assert.ok(error instanceof FractalError, String(error))
    assert.equal(error.code, 'bad_option')
    assert.match(`${error.message} ${error.hint}`, says)
    return true
  })
}

describe('options', () => {
  it('take a variable that is set to nothing as one that is not set', () => {
    const names = Object.keys(OPTIONS) as OptionName[]
    const empty = Object.fromEntries(
      names.map((name) => [`FRACTAL_${name.replaceAll('.', '_').toUpperCase()}`, '']),
    )
    const env = { ...empty, DATABASE_URL: '', TEMPORAL_ADDRESS: '' }
    assert.deepEqual(resolveOptions(names, {}, env), resolveOptions(names, {}, {}))
    assert.equal(environmentValue({ A: '' }, 'A'), undefined)
    assert.equal(environmentValue({ A: 'a' }, 'A'), 'a')
    const set = { FRACTAL_DATABASE_URL: '', DATABASE_URL: 'postgres://x/y' }
    assert.equal(resolveOptions(['database.url'], {}, set)['database.url'], 'postgres://x/y')
  })

  it('prefer the command line, then our variable, then the known one', () => {
    const env = { FRACTAL_TEMPORAL_ADDRESS: 'b:1', TEMPORAL_ADDRESS: 'c:1' }
    assert.equal(one('temporal.address', 'a:1', env), 'a:1')
    assert.equal(one('temporal.address', undefined, env), 'b:1')
    assert.equal(one('temporal.address', undefined, { TEMPORAL_ADDRESS: 'c:1' }), 'c:1')
    assert.equal(one('temporal.address', undefined), '127.0.0.1:7233')
  })

  it('take addresses of an axon as four numbers or IPv6, no short form and no name', () => {
    for (const ip of ['8.8.8.8', '::1', '2606:4700::1111']) {
      assert.equal(one('axon.external_ip', ip), ip)
      assert.equal(one('axon.host', ip), ip)
    }
    for (const name of ['axon.external_ip', 'axon.host'] as const) {
      for (const bad of [
        '203.0.113',
        '1',
        '0x7f.0.0.1',
        '010.0.0.1',
        'example.com',
        '8.8.8.8:80',
      ]) {
        refused(() => one(name, bad), /must be an IP address/)
      }
    }
    refused(() => one('axon.external_ip', 'localhost'), /no host names/)
  })

  it('take numbers as people write them, and nothing else', () => {
    assert.equal(one('netuid', '0'), 0)
    assert.equal(one('netuid', undefined, { FRACTAL_NETUID: '7' }), 7)
    assert.equal(one('neuron.moving_average_alpha', '0.000001'), 0.000001)
    for (const bad of [
      '',
      ' ',
      'NaN',
      'Infinity',
      '0x10',
      '1e3',
      '1.5',
      '-1',
      ' 7',
      '65536',
      NaN,
    ]) {
      refused(() => one('netuid', bad), /^--netuid: /)
    }
    refused(() => one('netuid', undefined, { FRACTAL_NETUID: ' ' }), /^FRACTAL_NETUID: " "/)
    refused(() => one('neuron.moving_average_alpha', '0.0000005'), /at most 6 decimals/)
    refused(() => one('neuron.moving_average_alpha', '1.1'), /moving_average_alpha/)
    refused(() => one('neuron.vpermit_tao_limit', '4096.5'), /vpermit_tao_limit/)
    assert.equal(one('neuron.vpermit_tao_limit', '4097'), 4097)
  })

  it('take flags by their words only', () => {
    const from = (value: string) =>
      one('neuron.disable_set_weights', undefined, { FRACTAL_NEURON_DISABLE_SET_WEIGHTS: value })
    assert.deepEqual(['true', '1', 'false', '0', ''].map(from), [true, true, false, false, false])
    for (const bad of ['yes', ' ', 'TRUE']) refused(() => from(bad), /must be true or false/)
  })

  it('refuse an option that is repeated, and blank text', () => {
    refused(() => one('netuid', ['1', '2']), /^--netuid was given 2 times/)
    refused(() => one('neuron.axon_off', [true, true]), /was given 2 times/)
    refused(() => one('database.password', ['secret', 'secret']), /^((?!secret).)*$/)
    refused(() => one('wallet.name', ' '), /must not be blank/)
  })
})

describe('secrets in files', () => {
  const SECRET = 'correct horse battery'
  let folder: string
  let file: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-secrets-'))
    file = join(folder, 'secret')
    await writeFile(file, `${SECRET}\n`)
  })

  after(() => rm(folder, { recursive: true, force: true }))

  it('are read for every secret option, by the command line and by the environment', async () => {
    const secrets = Object.entries(OPTIONS).flatMap(([name, option]) =>
      'secret' in option && option.secret ? [name as OptionName] : [],
    )
    assert(secrets.includes('database.password') && secrets.includes('inference.secret'))
    for (const name of secrets) {
      const variable = `FRACTAL_${name.replaceAll('.', '_').toUpperCase()}_FILE`
      // Whatever a secret has to look like: what is in the file is looked at, and never told.
      const read = (given: Record<string, unknown>, env: Record<string, string>) => {
        try {
          return resolveOptions([name], given, env)[name] === SECRET
        } catch (error) {
          assert(error instanceof FractalError)
          assert.doesNotMatch(`${error.message} ${error.hint}`, /horse/)
          return (
            error.message ===
            `${Object.keys(env)[0] ?? `--${name}_file`}: the value given can't be used`
          )
        }
      }
      assert(read({ [`${name}_file`]: file }, {}), `--${name}_file`)
      assert(read({}, { [variable]: file }), variable)
    }
    const url = join(folder, 'url')
    await writeFile(url, 'postgres://a:b@c/d')
    assert.equal(one('database.url', undefined, { DATABASE_URL_FILE: url }), 'postgres://a:b@c/d')
  })

  it('lose one line’s end, and nothing else', async () => {
    for (const [text, secret] of [
      ['a b ', 'a b '],
      [' a\r\n', ' a'],
      ['a\n\n', 'a\n'],
      ['ä', 'ä'],
    ] as const) {
      const path = join(folder, 'text')
      await writeFile(path, text)
      const env = { FRACTAL_DATABASE_PASSWORD_FILE: path }
      assert.equal(one('database.password', undefined, env), secret)
    }
  })

  it('are refused beside the secret itself; the command line comes before the environment', () => {
    const variable = 'FRACTAL_DATABASE_PASSWORD'
    refused(
      () => one('database.password', undefined, { [variable]: 'x', [`${variable}_FILE`]: file }),
      /^FRACTAL_DATABASE_PASSWORD and FRACTAL_DATABASE_PASSWORD_FILE are both given/,
    )
    const both = { 'database.password': 'x', 'database.password_file': file }
    refused(
      () => resolveOptions(['database.password'], both, {}),
      /^--database.password and --database.password_file are both/,
    )
    const env = { [`${variable}_FILE`]: '/nowhere' }
    assert.equal(one('database.password', 'mine', env), 'mine')
    const empty = { [variable]: 'mine', [`${variable}_FILE`]: '' }
    assert.equal(one('database.password', undefined, empty), 'mine')
  })

  it('that can’t be used are told, and what stands in them is not', async () => {
    const path = (name: string) => join(folder, name)
    const read = (name: string) => () =>
      one('database.password', undefined, { FRACTAL_DATABASE_PASSWORD_FILE: path(name) })
    await writeFile(path('empty'), '')
    await writeFile(path('blank'), ' \n')
    await writeFile(path('huge'), SECRET.repeat(5000))
    await writeFile(path('binary'), Buffer.from([0x68, 0xff, 0xfe]))
    refused(
      read('missing'),
      /^FRACTAL_DATABASE_PASSWORD_FILE: the file .*missing can't be read \(ENOENT\)/,
    )
    refused(read('.'), /can't be read \(EISDIR\)/)
    refused(read('empty'), /empty is empty/)
    refused(read('blank'), /blank is empty/)
    refused(read('huge'), /^((?!horse).)*too large for a secret((?!horse).)*$/)
    refused(read('binary'), /binary is not text/)
  })
})

describe('the database’s address', () => {
  const url = (given: Record<string, unknown>, env: Record<string, string> = {}) =>
    databaseUrl(resolveOptions(DATABASE, given, env))

  it('is made of its parts', () => {
    assert.equal(url({}), 'postgres://fractal@127.0.0.1:5432/fractal')
    const parts = { 'database.host': 'db_1', 'database.port': '5433', 'database.index': '2' }
    assert.equal(url(parts), 'postgres://fractal@db_1:5433/fractal2')
    for (const host of ['::1', '[::1]']) {
      assert.equal(url({ 'database.host': host }), 'postgres://fractal@[::1]:5432/fractal')
    }
    const odd = 'a%41:/@ ?#'
    const parts2 = new URL(url({ 'database.user': odd, 'database.password': odd }))
    assert.equal(decodeURIComponent(parts2.username), odd)
    assert.equal(decodeURIComponent(parts2.password), odd)
    const user = url({}, { FRACTAL_DATABASE_USER: 'fractal_api' })
    assert.equal(user, 'postgres://fractal_api@127.0.0.1:5432/fractal')
  })

  it('refuses what can’t be a host', () => {
    for (const host of ['/var/run/postgresql', 'a b', 'a:5432', 'me@host', 'a/b', 'fe80::1%eth0']) {
      refused(() => url({ 'database.host': host }), /^--database\.host: .* must be a host/)
    }
  })

  it('refuses what is no URL of Postgres, and never shows it', () => {
    for (const bad of ['secret', 'postgres://fractal:secret@host:port/x', 'http://secret/', ' ']) {
      refused(() => url({ 'database.url': bad }), /^((?!secret).)*$/)
      refused(() => url({}, { DATABASE_URL: bad }), /^DATABASE_URL: the value given((?!secret).)*$/)
    }
    const socket = 'postgres:///fractal?host=/var/run/postgresql'
    assert.equal(url({ 'database.url': socket }), socket)
  })

  it('refuses a part on the command line beside a whole one in the environment', () => {
    const whole = { DATABASE_URL: 'postgres://u:secret@elsewhere/x' }
    for (const part of ['host', 'port', 'index', 'user', 'password']) {
      const given = { [`database.${part}`]: '1' }
      refused(
        () => url(given, whole),
        new RegExp(`^--database\\.${part}: DATABASE_URL ((?!secret).)*$`),
      )
      assert.ok(url(given), 'without one it is taken')
    }
    // Said of the option: a whole one wins over parts that are given in the same place.
    const both = { 'database.url': 'postgres://a/b', 'database.host': 'c' }
    assert.equal(url(both, whole), 'postgres://a/b')
    assert.equal(url({}, { ...whole, FRACTAL_DATABASE_HOST: 'c' }), whole.DATABASE_URL)
  })
})
