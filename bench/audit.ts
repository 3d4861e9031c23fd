/**
 * What an audit of an interval costs, and how large its record is: 256 provers, 44,032 answers, 500 users' prompts to
 * check with, whole, in a process of its own. Run: npm run bench -- audit [--provers 256] [--answers 44032]
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { sr25519Ready } from '../base/sr25519.js'
import { WIDE_ROUNDS } from '../rules/constants.js'
import { madeRecords, makeNext } from '../test/support/records/made-records.js'
import { report } from './support/figures.js'
import { benchOptions } from './support/whole-options.js'

const { provers, answers } = benchOptions('audit')
const CLI = fileURLToPath(new URL('../cli/fractal.mjs', import.meta.url))

await sr25519Ready()
const served = Math.max(1, Math.round(answers / provers) - 2 * WIDE_ROUNDS)
const records = madeRecords(provers, { served, usPerPixel: 200, traffic: 500 })
const folder = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
try {
  const made = makeNext(records)
  const file = join(folder, 'record.json')
  await writeFile(file, made.text)
  const packed = gzipSync(made.text).length
  const rows = made.answers.length
  console.log(`${rows} answers of ${provers} provers: ${(made.text.length / 1e6).toFixed(1)} MB`)
  report('the record, gzipped', packed / rows, 'bytes an answer')
  const run = async (what: string, command: string, args: string[]) => {
    const start = performance.now()
    const time = ['-f', '%M %U %S', command, ...args]
    const { stdout, stderr } = await promisify(execFile)('/usr/bin/time', time)
    const seconds = (performance.now() - start) / 1000
    const [kibibytes, user, system] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number)
    console.log(`${what}: ${stdout.trim()}`)
    report(`${what}, elapsed`, seconds, 's')
    report(`${what}, of a processor`, user! + system!, 's')
    report(`${what}, memory at most`, kibibytes! / 1024, 'MiB')
  }
  await run('fractal audit', process.execPath, [CLI, 'audit', file, '--no-chain'])
  await run('tools/audit.py', 'python3', [
    fileURLToPath(new URL('../tools/audit.py', import.meta.url)),
    file,
  ])
} finally {
  await rm(folder, { recursive: true, force: true })
}
