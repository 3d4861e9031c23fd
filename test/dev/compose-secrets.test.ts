import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parsePayloadKeys } from '../../base/options/payload-keys.js'

const SCRIPT = fileURLToPath(new URL('../../dev/compose-secrets.sh', import.meta.url))
const run = promisify(execFile)

describe('dev/compose-secrets.sh', () => {
  it('makes each secret once, for its owner only, and prints none', async () => {
    const clone = await mkdtemp(join(tmpdir(), 'fractal-secrets-'))
    const secrets = join(clone, 'secrets')
    const make = () => run('sh', [join(clone, 'dev', 'compose-secrets.sh')])
    const all = async () => {
      const names = (await readdir(secrets)).sort()
      const texts = await Promise.all(names.map((name) => readFile(join(secrets, name), 'utf8')))
      return Object.fromEntries(names.map((name, i) => [name, texts[i]!]))
    }
    try {
      await mkdir(join(clone, 'dev'))
      await copyFile(SCRIPT, join(clone, 'dev', 'compose-secrets.sh'))
      const first = await make()
      const made = await all()
      assert.equal(Object.keys(made).length, 8)
      assert.equal(new Set(Object.values(made)).size, 8, 'each another')
      assert.equal((await stat(secrets)).mode & 0o777, 0o700)
      for (const [name, text] of Object.entries(made)) {
        assert.match(text, /^[0-9a-f]{64}$/, name)
        assert.equal((await stat(join(secrets, name))).mode & 0o777, 0o600, name)
        assert.ok(!`${first.stdout}${first.stderr}`.includes(text), name)
      }
      assert.equal(parsePayloadKeys(made.temporal_payload_key!)?.length, 1)

      await writeFile(join(secrets, 'database_owner'), 'chosen by hand')
      await rm(join(secrets, 'inference'))
      await make()
      const { inference, ...kept } = await all()
      const { inference: old, ...before } = made
      assert.deepEqual(kept, { ...before, database_owner: 'chosen by hand' })
      assert.match(inference!, /^[0-9a-f]{64}$/)
      assert.notEqual(inference, old)
    } finally {
      await rm(clone, { recursive: true, force: true })
    }
  })
})
