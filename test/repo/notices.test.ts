import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const file = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8')

/** Licenses that NOTICE names as a whole. */
const PLAIN = /^(MIT|Apache-2\.0|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0 AND MIT)$/

/** Licenses that would bind whoever takes over our code. */
const BINDING = /\bA?GPL/

interface Lock {
  packages: Record<string, { dev?: boolean; license?: string; name?: string; version?: string }>
}

describe('what comes from others', () => {
  it('has nothing under the GPL among what ships: no @substrate/connect, and no smoldot', () => {
    const { packages } = JSON.parse(file('package-lock.json')) as Lock
    const shipped = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev)
    assert.ok(shipped.length > 100)
    for (const [path, { license, name }] of shipped) {
      // Another package may stand under a name, by an override.
      const installed = name ?? path.slice(path.lastIndexOf('node_modules/') + 13)
      assert.doesNotMatch(installed, /^(@substrate\/(connect|light-client).*|smoldot)$/, path)
      assert.doesNotMatch(license ?? '', BINDING, path)
    }
  })

  it('is named in NOTICE where its license is not one of the plain ones', () => {
    const { packages } = JSON.parse(file('package-lock.json')) as Lock
    // Without a version: a place for another platform's part, which is not of this lock.
    const production = Object.entries(packages).filter(
      ([path, { dev, version }]) => path !== '' && dev !== true && version !== undefined,
    )
    assert.ok(production.length > 100)
    const rows = new Map(
      [...file('NOTICE').matchAll(/^ {2}(\S+) +(\S+(?: or \S+)?) /gm)].map((m) => [m[1], m[2]]),
    )
    for (const [path, { license }] of production) {
      if (license !== undefined && PLAIN.test(license)) continue
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const named = rows.get(name)
      assert.ok(named, `NOTICE does not name ${name} (${license})`)
      if (license !== undefined)
        assert.equal(license.replace(/[()]/g, '').replace('OR', 'or'), named)
    }
  })
})

describe('secrets of a clone', () => {
  it('are left out of git and of the images', () => {
    const source = /FRACTAL_WALLETS:-\.\/(\w+)\}/.exec(file('docker-compose.yml'))?.[1]
    assert.equal(source, 'wallets')
    const ignored = (name: string) => file(name).split('\n')
    for (const line of [`/${source}/`, '/secrets/', '.bittensor/', '.env', '.fractal/', '*.pem']) {
      assert.ok(ignored('.gitignore').includes(line), line)
    }
    for (const line of [source, 'secrets', '**/.bittensor', '.env*', '.fractal', '**/*.pem']) {
      assert.ok(ignored('.dockerignore').includes(line!), line)
    }
  })
})
