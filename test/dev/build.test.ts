import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { runCli } from '../cli/run-cli.js'
import { BIN, COMPILED_BIN } from '../support/bin.js'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const MODEL = join(CLONE, 'test/fixtures/tiny-model/model')
const HISTORY = join(CLONE, 'test/fixtures/histories/verify-interval.json')

// Its roles are run by test/e2e/grid.test.ts: npm test compiles once, for both.
describe('npm run build', function () {
  this.timeout(240_000)
  let folder: string
  let dist: string

  before(async () => {
    // Inside the clone, from where Node finds the packages as it does from dist/.
    await mkdir(join(CLONE, '.fractal'), { recursive: true })
    folder = await mkdtemp(join(CLONE, '.fractal', 'test-build-'))
    if (COMPILED_BIN !== BIN) {
      // `npm test` ran it.
      dist = dirname(dirname(COMPILED_BIN))
      return
    }
    dist = join(folder, 'dist')
    const args = [join(CLONE, 'dev/build.mjs'), '--out', dist]
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  const fractal = (...args: string[]) =>
    runCli(args, { cwd: folder, bin: join(dist, 'cli/fractal.mjs') })
  it('has no TypeScript, and every file that another one imports', async () => {
    const files = await readdir(dist, { recursive: true })
    assert.deepEqual(
      files.filter((file) => /\.[mc]?ts$/.test(file)),
      [],
    )
    let seen = 0
    for (const file of files.filter((name) => /\.[mc]?js$/.test(name))) {
      // Scripts that are whole; and the one file that is the same in a clone.
      if (/^web[\\/]|[\\/]bundle|fractal\.mjs$/.test(file)) continue
      const text = await readFile(join(dist, file), 'utf8')
      for (const [, path] of text.matchAll(/(?:^|[\s(])(?:from|import)[ (]["'](\.[^"']+)["']/g)) {
        seen += 1
        assert.ok(existsSync(join(dist, dirname(file), path!)), `${file} imports ${path}`)
      }
    }
    assert.ok(seen > 1000, `${seen} imports`)
  })

  it('has what is read while it runs', async () => {
    for (const path of ['web/dist/index.html', 'engine/models/trained/model/fractal.json']) {
      assert.ok(existsSync(join(dist, path)), path)
    }
    const migrations = await readdir(join(CLONE, 'migrations'))
    assert.deepEqual(await readdir(join(dist, 'migrations')), migrations)
  })

  it('has the command, with all but what is for development', async () => {
    const help = await fractal('verifier', '--help')
    assert.equal(help.code, 0, help.stderr)
    assert.match(help.stdout, /--neuron\.sample_size/)
    const { version } = JSON.parse(await readFile(join(CLONE, 'package.json'), 'utf8'))
    assert.equal((await fractal('--version')).stdout, `${version}\n`)
    for (const command of ['demo', 'devnet']) {
      const { code, stderr } = await fractal(command)
      assert.equal(code, 1)
      assert.match(stderr, /for development; this build leaves it out\n {2}Run it from a clone/)
    }
  })

  it('generates and encodes in threads, and certifies in a second process', async () => {
    const video = ['a red ball', '--seed', '7', '--frames', '2', '--model.dir', MODEL, '--json']
    const made = await fractal('generate', ...video, '--out', 'ball.mp4')
    assert.equal(made.code, 0, made.stderr)
    const asTypeScript = await runCli(['generate', ...video, '--out', 'ball.rgb'], {
      cwd: folder,
      bin: BIN,
    })
    const hash = (text: string): string => JSON.parse(text).frames_sha256
    assert.equal(hash(made.stdout), hash(asTypeScript.stdout))
    assert.match((await readFile(join(folder, 'ball.mp4'))).toString('latin1', 4, 8), /^ftyp$/)
    const certified = await fractal(
      'doctor',
      '--certify',
      '--runs',
      '2',
      '--model.dir',
      MODEL,
      '--json',
    )
    assert.equal(certified.code, 0, certified.stderr)
    assert.equal(JSON.parse(certified.stdout).processes, 2)
  })

  it('has the workflows in one script, with each failure converter, that go on with a history', async () => {
    Runtime.install({
      shutdownSignals: [],
      logger: new DefaultLogger('ERROR', () => undefined),
      telemetryOptions: { logging: { filter: 'OFF' } },
    })
    const file = (path: string) => import(pathToFileURL(join(dist, path)).href)
    const { workflowBundle } = await file('temporal/workflow-bundle.js')
    const { FAILURE_CONVERTER } = await file('temporal/address.js')
    const history = JSON.parse(await readFile(HISTORY, 'utf8'))
    const codes = new Set<string>()
    for (const failureConverterPath of [undefined, FAILURE_CONVERTER]) {
      const bundle = await workflowBundle(null, { failureConverterPath })
      codes.add(bundle.code)
      await Worker.runReplayHistory({ workflowBundle: bundle }, history, 'verify-interval')
    }
    assert.equal(codes.size, 2, 'two scripts')
  })
})
