import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentOver } from '../../cli/environment.js'
import { environmentBesideDemo } from '../../cli/ledger/access.js'
import { readRunFile } from '../../cli/ledger/run-file.js'

describe('what commands take from a running demo', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-run-'))
    for (const name of ['clone', 'here', 'dead', 'broken']) await mkdir(join(folder, name))
    const run = (name: string, pid: number) =>
      writeFile(
        join(folder, name, 'run.json'),
        JSON.stringify({
          pid,
          databaseUrl: `postgres://${name}/fractal`,
          temporalAddress: `${name}:7233`,
          netuid: 3,
          verifier: name,
          chainEndpoint: `http://${name}`,
          walletPath: `/${name}`,
          walletName: 'verifier',
        }),
      )
    await run('clone', process.pid)
    await run('here', process.pid)
    // No process has this id: Linux's go to 2^22.
    await run('dead', 2 ** 30)
    await writeFile(join(folder, 'broken/run.json'), '{')
  })
  after(() => rm(folder, { recursive: true, force: true }))
  const at = (name: string) => join(folder, name)
  const beside = (given: Record<string, string>, env: Record<string, string> = {}) =>
    environmentBesideDemo(given, env, at('clone'))

  it('is that of the first folder in which one runs', () => {
    const first = (...names: string[]) => readRunFile(names.map(at))?.verifier
    assert.equal(first('clone', 'here'), 'clone')
    assert.equal(first('dead', 'here'), 'here')
    assert.equal(first('broken', 'none', 'here'), 'here')
    assert.equal(first('dead', 'broken', 'none'), undefined)
  })

  it('is the clone’s, from any folder, unless a folder is named', () => {
    assert.equal(beside({}).FRACTAL_API_VERIFIER, 'clone')
    assert.equal(beside({ 'state.dir': at('here') }).FRACTAL_API_VERIFIER, 'here')
    assert.equal(beside({}, { FRACTAL_STATE_DIR: at('here') }).FRACTAL_API_VERIFIER, 'here')
    assert.deepEqual(beside({ 'state.dir': at('dead') }), {})
    assert.equal(beside({}, { FRACTAL_STATE_DIR: '' }).FRACTAL_API_VERIFIER, 'clone')
  })

  it('is no database where another is named, in whatever way', () => {
    for (const variable of [
      'DATABASE_URL',
      'FRACTAL_DATABASE_URL',
      'FRACTAL_DATABASE_HOST',
      'FRACTAL_DATABASE_PORT',
      'FRACTAL_DATABASE_INDEX',
      'FRACTAL_DATABASE_PASSWORD',
    ]) {
      const env = beside({}, { [variable]: '1' })
      assert.deepEqual(env, { [variable]: '1', FRACTAL_TEMPORAL_ADDRESS: 'clone:7233' }, variable)
      assert.equal(beside({}, { [variable]: '' }).FRACTAL_DATABASE_URL, 'postgres://clone/fractal')
    }
    assert.equal(beside({ 'database.port': '1' }).FRACTAL_DATABASE_URL, undefined)
    const temporal = beside({}, { TEMPORAL_ADDRESS: 'a:1' })
    assert.equal(temporal.FRACTAL_TEMPORAL_ADDRESS, undefined)
    assert.equal(temporal.FRACTAL_NETUID, '3')
  })

  it('is its chain and its wallet with its database, unless another is named', () => {
    const { FRACTAL_SUBTENSOR_CHAIN_ENDPOINT: chain, FRACTAL_WALLET_PATH: wallet } = beside({})
    assert.deepEqual([chain, wallet], ['http://clone', '/clone'])
    assert.equal(beside({}).FRACTAL_WALLET_NAME, 'verifier')
    const finney = beside({ 'subtensor.network': 'finney' })
    assert.equal(finney.FRACTAL_SUBTENSOR_CHAIN_ENDPOINT, undefined)
    assert.equal(finney.FRACTAL_WALLET_PATH, '/clone')
    const mine = beside({}, { FRACTAL_WALLET_HOTKEY: 'mine' })
    assert.equal(mine.FRACTAL_WALLET_PATH, undefined)
    assert.equal(mine.FRACTAL_WALLET_NAME, undefined)
  })

  it('lies under what the environment says, where it says something', () => {
    const defaults = { FRACTAL_DEVICE: 'cpu' }
    assert.deepEqual(environmentOver(defaults, { FRACTAL_DEVICE: '' }), defaults)
    const cuda = { FRACTAL_DEVICE: 'cuda' }
    assert.deepEqual(environmentOver(defaults, cuda), cuda)
  })
})
