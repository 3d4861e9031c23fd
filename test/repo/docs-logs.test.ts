import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { ROOT } from './planted.js'

const files = (pattern: string) =>
  execFileSync('git', ['ls-files', pattern], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')

describe('the log lines of the docs', () => {
  it('are lines that the code writes', () => {
    const code = files('*.ts')
      .filter((file) => !file.startsWith('test/'))
      .map(read)
      .join('\n')
    let seen = 0
    for (const page of files('*.md')) {
      for (const [, message] of read(page).matchAll(/"msg":"([^"]+)"/g)) {
        seen += 1
        // What is filled in stands between: a number, or what comes after a colon.
        const pieces = message!.split(/\d+|(?<=: )/).filter((piece) => piece.trim().length > 2)
        for (const piece of pieces) assert.ok(code.includes(piece), `${page}: ${message}`)
      }
    }
    assert.ok(seen > 15, `${seen} lines`)
  })

  it('say what is healthy of every service of ours that Compose starts', () => {
    const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
      services: Record<string, { image: string }>
    }
    const ours = Object.keys(services).filter((name) => services[name]!.image.includes('fractal'))
    const guide = read('docs/operating.md')
    const table = guide.slice(guide.indexOf('A healthy start and a healthy hour of each role'))
    const roles = [...table.matchAll(/^\| ([a-z-]+) +\| .*"msg"/gm)].map(([, role]) => role!)
    assert.deepEqual(roles.sort(), ours.sort())
  })

  it('are looked for with Compose in all services, those of profiles too', () => {
    const { services } = parse(read('docker-compose.yml')) as { services: Record<string, object> }
    const commands = files('docs/*.md').flatMap((page) =>
      [...read(page).matchAll(/docker compose (.*? )?logs\b([^`|\n]*)/g)].map(
        ([, options = '', named]) => ({ options, named: named!.trim().split(/ +/) }),
      ),
    )
    assert.ok(
      commands.some(({ options, named }) => options === "--profile '*' " && named[0] === ''),
    )
    for (const { named } of commands) {
      for (const name of named) assert.ok(name === '' || name in services, `no service ${name}`)
    }
  })
})
