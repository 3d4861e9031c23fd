import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { planOutFile } from '../../../cli/generate/out-file.js'
import { readPrompt } from '../../../cli/generate/read-prompt.js'
import { runCli, startCli } from '../run-cli.js'

const MODEL = fileURLToPath(new URL('../../fixtures/tiny-model/model', import.meta.url))

const WAN = fileURLToPath(new URL('../../fixtures/wan-model/model', import.meta.url))

describe('fractal generate', function () {
  this.timeout(240_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-generate-'))
    await writeFile(join(folder, 'dash.txt'), '--a red ball')
  })
  after(() => rm(folder, { recursive: true, force: true }))
  const generate = (...args: string[]) =>
    runCli(['generate', ...args, '--model.dir', MODEL], { cwd: folder })

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
    assert.match(facts.determinism_class, /^fc2;/)
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

  it('runs a model of another family, and says which numbers of frames it makes', async () => {
    const wan = (...args: string[]) =>
      runCli(['generate', 'a red boat', '--seed', '7', ...args, '--model.dir', WAN], {
        cwd: folder,
      })
    const [made, refused] = await Promise.all([
      wan('--frames', '5', '--json', '--out', 'wan.rgb'),
      wan('--frames', '16', '--out', 'none.rgb'),
    ])
    assert.equal(made.code, 0, made.stderr)
    assert.equal(JSON.parse(made.stdout).model, 'tiny-random-wan')
    assert.equal((await readFile(join(folder, 'wan.rgb'))).length, 5 * 64 * 64 * 3)
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /frames 16 is not one more than a multiple of 4/)
    assert.match(refused.stderr, /Try 13 or 17/)
  })

  it('takes an empty prompt, draws a seed and says which', async () => {
    const { code, stdout, stderr } = await generate('', '--frames', '1', '--out', 'sheet.png')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^seed {5}\d+ \(random: none was given\)$/m)
    const png = await readFile(join(folder, 'sheet.png'))
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
  })

  it('takes a prompt that begins with a dash, behind --', async () => {
    const rest = ['--seed', '7', '--frames', '1', '--out']
    const bin = ['generate', '--model.dir', MODEL]
    const results = await Promise.all([
      runCli([...bin, ...rest, 'dash.rgb', '--', '--a red ball'], { cwd: folder }),
      runCli([...bin, ...rest, 'file.rgb', '--prompt-file', 'dash.txt'], { cwd: folder }),
    ])
    assert.deepEqual(
      results.map(({ code, stderr }) => `${code}${stderr}`),
      ['0', '0'],
    )
    const [dash, file] = ['dash.rgb', 'file.rgb'].map((name) => readFile(join(folder, name)))
    assert.ok((await dash!).equals(await file!))
  })

  it('takes a long prompt, on the command line or from a file', async () => {
    const prompt = 'a red circle moves right '.repeat(4000)
    await writeFile(join(folder, 'prompt.txt'), `${prompt}\r\n`)
    const rest = ['--seed', '7', '--frames', '1', '--json', '--out']
    const [line, file] = await Promise.all([
      generate(prompt, ...rest, 'line.rgb'),
      generate('--prompt-file', 'prompt.txt', ...rest, 'file.rgb'),
    ])
    assert.deepEqual([line.code, file.code], [0, 0], line.stderr + file.stderr)
    const facts = JSON.parse(line.stdout)
    assert.deepEqual(facts.warnings, ['prompt_truncated'])
    assert.equal(JSON.parse(file.stdout).frames_sha256, facts.frames_sha256)
  })

  it('reads a prompt from standard input', async () => {
    const { child, result } = startCli(
      ['generate', '--prompt-file', '-', '--frames', '1', '--seed', '7', '--out', 'piped.rgb'],
      { cwd: folder, env: { FRACTAL_MODEL_DIR: MODEL }, stdin: 'pipe' },
    )
    child.stdin!.end('a red ball\n')
    const { code, stderr } = await result
    assert.deepEqual([code, stderr], [0, ''])
    const named = await generate('a red ball', '--frames', '1', '--seed', '7', '--out', 'named.rgb')
    assert.equal(named.code, 0, named.stderr)
    const [piped, other] = ['piped.rgb', 'named.rgb'].map((name) => readFile(join(folder, name)))
    assert.ok((await piped!).equals(await other!))
  })

  it('refuses what is no prompt', async () => {
    await writeFile(join(folder, 'latin1.txt'), Buffer.from([0x61, 0xfc, 0x62]))
    await writeFile(join(folder, 'video.bin'), Buffer.alloc(1_000_001, 'a'))
    for (const [name, says] of [
      ['missing.txt', /missing\.txt can't be read \(ENOENT\)/],
      ['latin1.txt', /latin1\.txt is not UTF-8 text/],
      ['video.bin', /video\.bin is too long for a prompt/],
    ] as const) {
      await assert.rejects(readPrompt(join(folder, name)), { code: 'usage', message: says })
    }
  })

  it('refuses what can’t be, before it computes anything', async () => {
    const cases: [args: string[], code: number, says: RegExp][] = [
      [
        ['x', '--seed', '-5', '--out', 'x.rgb'],
        2,
        /--seed: -5 is not an integer from 0 to 4294967295/,
      ],
      [
        ['x', '--seed=-5', '--out', 'x.rgb'],
        2,
        /--seed: -5 is not an integer from 0 to 4294967295/,
      ],
      [['x', '--seed', '1'], 2, /--out is missing/],
      [['-5 degrees', '--out', 'x.rgb'], 2, /there is no option -5 degrees\n {2}Put -- before/],
      [['--out', 'x.rgb'], 2, /Give a prompt, or --prompt-file/],
      [['x', '--prompt-file', 'y', '--out', 'x.rgb'], 2, /not both/],
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
