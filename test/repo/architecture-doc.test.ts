import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string) => readFileSync(path.join(root, name), 'utf8')
const text = read('docs/architecture.md')

/** What git ignores is nobody's room, and these are documents and migrations. */
const NO_ROOMS = new Set([
  ...[...read('.gitignore').matchAll(/^\/?([\w.-]+)\/$/gm)].map(([, name]) => name!),
  ...['docs', 'migrations'],
])
/** Their insides mirror the other rooms. */
const MIRRORS = new Set(['test', 'bench'])

function foldersIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.') && !NO_ROOMS.has(name))
}

function roomsAndSubRooms(): string[] {
  return foldersIn('.').flatMap((room) => [
    `${room}/`,
    ...(MIRRORS.has(room) ? [] : foldersIn(room).map((name) => `${room}/${name}/`)),
  ])
}

describe('docs/architecture.md', () => {
  it('names every room and sub-room', () => {
    const missing = roomsAndSubRooms().filter((folder) => !text.includes(`\`${folder}\``))
    assert.deepEqual(missing, [])
    assert.ok(roomsAndSubRooms().includes('rules/judge/'), 'rooms are looked at')
  })

  it('names no file or folder that is not there', () => {
    const named = [...text.matchAll(/`([a-z]+\/[^`\s]*)`/g)].map(([, name]) => name!)
    assert.ok(named.length > 60, `${named.length} names`)
    assert.deepEqual(
      named.filter((name) => !existsSync(path.join(root, name))),
      [],
    )
  })

  it('lists every decision, as docs/README.md does', () => {
    for (const file of readdirSync(path.join(root, 'docs/decisions'))) {
      for (const list of ['docs/architecture.md', 'docs/README.md']) {
        assert.ok(read(list).includes(`(decisions/${file})`), `${list} does not list ${file}`)
      }
    }
  })
})
