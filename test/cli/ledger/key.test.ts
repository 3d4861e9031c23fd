import assert from 'node:assert/strict'
import { createKey, revokeKey } from '../../../cli/ledger/api-keys.js'
import { UsageError } from '../../../cli/usage-error.js'
import { listApiKeys } from '../../../ledger/keys/api-keys.js'
import { createTestDatabase, useDatabase } from '../../support/postgres.js'
import { type CliResult, runCli } from '../run-cli.js'

describe('fractal key', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const key = (...args: string[]) =>
    runCli(['key', ...args], { env: { DATABASE_URL: database().url } })
  const json = ({ code, stdout, stderr }: CliResult) => {
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  it('makes a key, shows it once, lists it and ends it', async () => {
    const [made, shown] = await Promise.all([
      key(
        ...['create', 'an app', '--scopes', 'read, admin', '--json'],
        ...['--rate', '5', '--concurrent', '2', '--quota', '1000', '--no-reuse-prompts'],
      ),
      key('create', 'ünïcode 🦊'),
    ])
    const { id, key: secret, ...rest } = json(made)
    assert.match(id, /^key_[0-9a-f]{24}$/)
    assert.match(secret, /^fk_[A-Za-z0-9_-]{43}$/)
    assert.ok(Date.parse(rest.created_at) > Date.now() - 60_000)
    assert.deepEqual(rest, {
      name: 'an app',
      scopes: ['read', 'admin'],
      requests_per_minute: 5,
      concurrent_videos: 2,
      daily_cost: 1000,
      reuse_prompts: false,
      created_at: rest.created_at,
      last_used_at: null,
      revoked_at: null,
    })
    assert.match(shown.stdout, /^key_\w+ {2}ünïcode 🦊\nscopes {6}generate, read\n/)
    assert.match(shown.stdout, /^rate +60 video requests per minute\nconcurrent +10 videos$/m)
    assert.match(
      shown.stdout,
      /^quota +no limit\nprompts +checks may reuse them\nkey +fk_[A-Za-z0-9_-]{43}\n/m,
    )

    const [table, revoked] = await Promise.all([key('list'), key('revoke', id)])
    assert.match(
      table.stdout,
      /^key_\w+ +an app +read,admin +5\/min +2 +1000\/day +private .* never /m,
    )
    assert.ok(!table.stdout.includes('fk_'))
    assert.equal(revoked.code, 0, revoked.stderr)

    const [again, listed] = await Promise.all([key('revoke', id), key('list', '--json')])
    assert.deepEqual([again.code, again.stdout], [1, ''])
    assert.match(again.stderr, /^fractal: The key key_\w+ is already revoked\.\n$/)
    const states = json(listed).map((row: { name: string; revoked_at: string | null }) => [
      row.name,
      row.revoked_at !== null,
    ])
    assert.deepEqual(Object.fromEntries(states), { 'an app': true, 'ünïcode 🦊': false })
  })

  it('says what is wrong with a command', async () => {
    const empty = await createTestDatabase({ empty: true })
    try {
      const [negative, noTables] = await Promise.all([
        key('create', 'x', '--rate', '-1'),
        runCli(['key', 'list'], { env: { DATABASE_URL: empty.url } }),
      ])
      assert.equal(negative.code, 2)
      assert.match(negative.stderr, /--rate: -1 is not an integer from 0 to/)
      assert.equal(noTables.code, 1)
      assert.match(noTables.stderr, /^fractal: The database lacks tables of this version/)
    } finally {
      await empty.drop()
    }
  })

  describe('bad input', () => {
    const given = () => ({ 'database.url': database().url })
    const limits = { requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0 }
    const reusePrompts = true
    const refused = (name: string, scopes: string, message: RegExp) =>
      assert.rejects(
        createKey(given(), { name, scopes, limits, reusePrompts }, true),
        (error: Error) => {
          assert.ok(error instanceof UsageError, String(error))
          assert.match(error.message, message)
          assert.doesNotMatch(error.message, /\p{C}/u, 'nothing that a terminal would act on')
          return true
        },
      )

    it('is refused, and makes no key', async () => {
      const before = (await listApiKeys(database().db)).length
      await refused('', 'read', /1 to 64 characters/)
      await refused('   ', 'read', /1 to 64 characters/)
      await refused('x'.repeat(65), 'read', /1 to 64 characters/)
      await refused('a\nb', 'read', /invisible/)
      await refused('a\u001b[2Jb', 'read', /invisible/)
      await refused('a\u202eb', 'read', /invisible/)
      await refused('a\u2028b', 'read', /invisible/)
      await refused('x', 'read,write', /--scopes: "write" is none of generate, read, admin/)
      await refused('x', '', /--scopes: "" is none of/)
      await refused('x', '\u001b[2J\u202e', /--scopes/)
      assert.equal((await listApiKeys(database().db)).length, before)
    })

    it('of a revocation is told, and never repeated when it may be the key itself', async () => {
      const secret = `fk_${'x'.repeat(43)}`
      await assert.rejects(revokeKey(given(), secret, true), (error: Error) => {
        assert.ok(error instanceof UsageError)
        assert.ok(!error.message.includes(secret))
        return true
      })
      const unknown = `key_${'0'.repeat(24)}`
      await assert.rejects(revokeKey(given(), unknown, true), { code: 'no_key' })
    })
  })
})
