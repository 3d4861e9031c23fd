import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useSmallGrid } from '../../support/small-grid.js'

const PAGE = fileURLToPath(new URL('../../../docs/use-the-api.md', import.meta.url))
const TSX = fileURLToPath(import.meta.resolve('tsx'))

const KNOWS_TYPES = Boolean((process.features as { typescript?: unknown }).typescript)

/** By the fence's language: file name, and what runs it. */
const RUNNERS: Readonly<Record<string, { file: string; command: string[] }>> = {
  sh: { file: 'quick-start.sh', command: ['sh', '-eu'] },
  python: { file: 'quick-start.py', command: ['python3'] },
  // As the page says: by Node itself where it knows types.
  ts: {
    file: 'quick-start.ts',
    command: [process.execPath, ...(KNOWS_TYPES ? [] : [`--import=${TSX}`])],
  },
}
const NEEDS: Readonly<Record<string, string>> = { sh: 'curl', python: 'python3' }
const LINES = 10

describe('the quick start of docs/use-the-api.md', function () {
  this.timeout(60_000)
  const grid = useSmallGrid()
  let folder: string
  let page: string
  before(async () => {
    const text = await readFile(PAGE, 'utf8')
    page = text.slice(text.indexOf('## Quick start'), text.indexOf('Step by step instead'))
    folder = await mkdtemp(join(tmpdir(), 'fractal-quick-start-'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const [language, { file, command }] of Object.entries(RUNNERS)) {
    it(`makes a video in ${LINES} lines of ${language}, as it stands`, async function () {
      const needed = NEEDS[language]
      if (needed !== undefined && isMissing(spawnSync(needed, ['--version']))) {
        console.warn(`      skipped: there is no ${needed}`)
        return this.skip()
      }
      const code = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page)?.[1]
      assert.ok(code, 'it is in the page')
      const lines = code.split('\n').filter((line) => line.trim() !== '')
      assert.ok(lines.length <= LINES, `${lines.length} lines`)
      await writeFile(join(folder, file), code)
      const [program, ...args] = command
      const child = spawn(program!, [...args, file], {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: process.env.HOME, API: grid().url, KEY: grid().key },
      })
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text
        })
      }
      const [status] = await once(child, 'close')
      assert.equal(status, 0, output)
      assert.match(output.trim(), /^video_[0-9a-f]{24}$/)
      const video = await readFile(join(folder, 'video.mp4'))
      assert.equal(video.subarray(4, 8).toString('latin1'), 'ftyp')
      await rm(join(folder, 'video.mp4'))
    })
  }
})

function isMissing({ error }: SpawnSyncReturns<Buffer>): boolean {
  return error !== undefined
}
