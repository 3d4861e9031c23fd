import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from './planted.js'

const list = (...args: string[]) =>
  execFileSync('git', ['ls-files', ...args], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n')
const FILES = new Set(list())
const FOLDERS = new Set([...FILES].flatMap(foldersOf))
const PAGES = [...FILES].filter((file) => file.endsWith('.md'))
/** Those that have folders are rooms; `dist/`, `secrets/` and the like are made later. */
const ROOMS = new Set([...FOLDERS].filter((folder) => !folder.includes('/')))

function foldersOf(file: string): string[] {
  const steps = file.split('/').slice(0, -1)
  return steps.map((_, i) => steps.slice(0, i + 1).join('/'))
}

function exists(name: string): boolean {
  const plain = name.replace(/\/$/, '')
  if (!plain.includes('*')) return FILES.has(plain) || FOLDERS.has(plain)
  const parts = plain.split(/(\*\*\/|\*)/).map((part) => {
    if (part === '**/') return '(?:.*/)?'
    return part === '*' ? '[^/]*' : part.replace(/[.]/g, '\\.')
  })
  const pattern = new RegExp(`^${parts.join('')}$`)
  return [...FILES].some((file) => pattern.test(file))
}

/** GitHub's anchor of a heading. */
function anchorOf(heading: string): string {
  const text = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
  return text.trim().replace(/\s/g, '-')
}

/** Every page, as [name, text]. */
async function pages(): Promise<[string, string][]> {
  return Promise.all(
    PAGES.map(
      async (page): Promise<[string, string]> => [
        page,
        await readFile(path.join(ROOT, page), 'utf8'),
      ],
    ),
  )
}

describe('what the docs name', () => {
  it('is there: files and folders of ours', async () => {
    const missing: string[] = []
    let named = 0
    for (const [page, text] of await pages()) {
      for (const [, name] of text.matchAll(/[`\s'(]((?:[\w.@-]+\/)+[\w.*-]*)[`\s'),:]/g)) {
        if (!ROOMS.has(name!.split('/')[0]!)) continue
        named += 1
        if (!exists(name!)) missing.push(`${page}: ${name}`)
      }
    }
    assert.deepEqual(missing, [])
    assert.ok(named > 100, `${named} named`)
  })

  it('is there: the targets of links, and their headings', async () => {
    const all = new Map(await pages())
    const broken: string[] = []
    for (const [page, text] of all) {
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target!)) continue
        const [file = '', anchor] = target!.split('#')
        const where = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
        const headings = [...(all.get(where) ?? '').matchAll(/^#+ (.*)$/gm)]
        const isThere =
          exists(where) &&
          (anchor === undefined || headings.some(([, heading]) => anchorOf(heading!) === anchor))
        if (!isThere) broken.push(`${page}: ${target}`)
      }
    }
    assert.deepEqual(broken, [])
  })

  it('is there: scripts of package.json', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    const missing: string[] = []
    for (const [page, text] of await pages()) {
      for (const [, name] of text.matchAll(/\bnpm run ([\w:-]+)/g)) {
        if (!(name! in scripts)) missing.push(`${page}: npm run ${name}`)
      }
    }
    assert.deepEqual(missing, [])
  })
})
