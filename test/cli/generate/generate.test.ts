import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { planOutFile } from '../../../cli/generate/out-file.js'
import { runCli } from '../run-cli.js'

const MODEL = fileURLToPath(new URL('../../fixtures/random-model/model', import.meta.url))

describe('fractal generate', function () {
  this.timeout(240_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-generate-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))
  const generate = (...args: string[]) =>
    runCli(['generate', ...args, '--model', MODEL], { cwd: folder })

  it('gives the same bytes for the same request, in another process too', async () => {
    const request = ['a red ball', '--seed', '7', '--frames', '4', '--json']
    const [one, two] = await Promise.all([
      generate(...request, '--out', 'one.rgb'),
      generate(...request, '--out', 'two.rgb'),
    ])
    assert.deepEqual([one.code, one.stderr, two.code], [0, '', 0], one.stderr)
    const { out: _out, timings, ...facts } = JSON.parse(one.stdout)
    const { out: _other, timings: _timings, ...others } = JSON.parse(two.stdout)
    assert.deepEqual(facts, others)
    assert.match(facts.frames_sha256, /^[0-9a-f]{64}$/)
    assert.match(facts.determinism_class, /^fc1;/)
    assert.equal(facts.seed, 7)
    assert.ok(timings.total_us > 0)
    const bytes = await readFile(join(folder, 'one.rgb'))
    assert.equal(bytes.length, 4 * 64 * 64 * 3)
    assert.ok(bytes.equals(await readFile(join(folder, 'two.rgb'))))
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    assert.notEqual(
      sha256,
      facts.frames_sha256,
      'frames are hashed by formats.md, with their shape',
    )
  })

  it('takes an empty prompt, draws a seed and says which', async () => {
    const { code, stdout, stderr } = await generate('', '--frames', '1', '--out', 'sheet.png')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^seed {5}\d+ \(drawn: none was given\)$/m)
    const png = await readFile(join(folder, 'sheet.png'))
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
  })

  it('refuses what can’t be, before it computes anything', async () => {
    const cases: [args: string[], code: number, says: RegExp][] = [
      [
        ['x', '--seed', '-5', '--out', 'x.rgb'],
        2,
        /--seed: -5 is not an integer of 0 to 4294967295/,
      ],
      [['x', '--seed=-5', '--out', 'x.rgb'], 2, /--seed: -5 is not an integer of 0 to 4294967295/],
      [['x', '--seed', '1'], 2, /Missing required argument: out/],
    ]
    const results = await Promise.all(cases.map(([args]) => generate(...args)))
    for (const [i, [args, code, says]] of cases.entries()) {
      const { stderr, stdout, ...result } = results[i]!
      assert.equal(result.code, code, `${args.join(' ')}: ${stderr}`)
      assert.match(stderr, says)
      assert.equal(stdout, '')
    }
    assert.ok(!(await readdir(folder)).includes('x.rgb'))
  })

  it('looks at its file first, and writes all of it or nothing', async () => {
    for (const name of ['x.gif', 'x', '.rgb', 'x.rgb.txt']) {
      await assert.rejects(planOutFile(join(folder, name)), { code: 'invalid_request' }, name)
    }
    await mkdir(join(folder, 'folder.mp4'))
    for (const name of ['folder.mp4', 'missing/x.mp4']) {
      await assert.rejects(planOutFile(join(folder, name)), { code: 'out_unwritable' }, name)
    }
    const path = join(folder, 'kept.RGB')
    await writeFile(path, 'old')
    const out = await planOutFile(path)
    assert.equal(out.format, 'rgb')
    await out.write(Buffer.from('new'))
    assert.equal(await readFile(path, 'utf8'), 'new')
    assert.ok(!(await readdir(folder)).some((name) => name.startsWith('.fractal')))
  })
})
