import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fetchModel } from '../../../cli/model/fetch.js'
import { manifestOf, parseManifest } from '../../../cli/model/manifest.js'
import { readModel } from '../../../engine/model/model.js'
import { RANDOM_MODEL } from '../../engine/fixtures.js'
import { until } from '../../support/until.js'
import { runCli } from '../run-cli.js'

describe('fractal model fetch', () => {
  let folder: string
  let server: Server
  let base: string
  /** Of what was asked: `GET /m/unet/model.onnx bytes=10-`. */
  let asked: string[]
  /** Bytes after which the next answers are cut off. */
  let cuts: number[]
  let knowsRanges: boolean
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-fetch-'))
    asked = []
    cuts = []
    knowsRanges = true
    await cp(RANDOM_MODEL, path.join(folder, 'm'), { recursive: true })
    const { files } = await readModel(path.join(folder, 'm'))
    await writeFile(path.join(folder, 'm.json'), JSON.stringify(manifestOf(files)))
    server = createServer(async (req, res) => {
      const { range } = req.headers
      asked.push(`${req.url} ${range ?? ''}`)
      const bytes = await readFile(path.join(folder, req.url!)).catch(() => null)
      if (bytes === null) return res.writeHead(404).end()
      const from = knowsRanges ? Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0) : 0
      res.writeHead(from > 0 ? 206 : 200, { 'Content-Length': bytes.length - from })
      const cut = req.url!.endsWith('.json') ? undefined : cuts.shift()
      if (cut === undefined) return res.end(bytes.subarray(from))
      res.write(bytes.subarray(from, from + cut))
      // A connection that ends takes with it what was not read yet.
      const kept = path.join(folder, 'out.partial', req.url!.replace('/m/', ''))
      await until(
        'what was sent is kept',
        async () => (await stat(kept).catch(() => null))?.size === from + cut,
      )
      return res.destroy()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await rm(folder, { recursive: true })
  })
  const fetchIt = (root?: string) =>
    fetchModel({ url: `${base}/m.json`, out: path.join(folder, 'out'), root })

  it('brings the folder that was published, with its root', async () => {
    const { root } = (await readModel(RANDOM_MODEL)).files
    await fetchIt(root)
    assert.equal((await readModel(path.join(folder, 'out'))).files.root, root)
    await assert.rejects(fetchIt(), { code: 'out_exists' })
  })

  it('goes on where it was cut off, in this run and in the next', async () => {
    cuts = [1000]
    await fetchIt()
    const resumed = asked.filter((line) => line.includes(' bytes='))
    assert.equal(resumed.length, 1, asked.join('\n'))
    assert.match(resumed[0]!, /^\/m\/text_encoder\/model\.onnx bytes=1000-/)
    await rm(path.join(folder, 'out'), { recursive: true })
    asked = []
    cuts = [10, 10, 10, 10, 10]
    await assert.rejects(fetchIt(), { code: 'download_failed', hint: /goes on where it stopped/ })
    assert.equal(existsSync(path.join(folder, 'out')), false)
    asked = []
    await fetchIt()
    assert.match(asked[1]!, /bytes=50-/)
  })

  it('refuses another model, a damaged file, and a server that can’t resume', async () => {
    await assert.rejects(fetchIt('00'.repeat(32)), { code: 'wrong_root' })
    const file = path.join(folder, 'm/unet/model.onnx')
    const good = await readFile(file)
    const bad = Buffer.from(good)
    bad[100] = bad[100]! ^ 1
    await writeFile(file, bad)
    await assert.rejects(fetchIt(), { code: 'wrong_file', message: /unet\/model\.onnx/ })
    await writeFile(file, good)
    knowsRanges = false
    cuts = [50]
    await assert.rejects(fetchIt(), { code: 'download_failed', message: /can’t be resumed/ })
    const partial = path.join(folder, 'out.partial')
    await rm(partial, { recursive: true })
    await fetchIt()
    await assert.rejects(
      fetchModel({ url: `${base}/none.json`, out: path.join(folder, 'other'), root: undefined }),
      { code: 'download_failed', message: /HTTP 404/ },
    )
  })

  it('leaves out a file that is not the model’s', async () => {
    await fetchIt()
    await rm(path.join(folder, 'out.partial'), { recursive: true, force: true })
    await cp(path.join(folder, 'out'), path.join(folder, 'two.partial'), { recursive: true })
    await writeFile(path.join(folder, 'two.partial/extra.txt'), 'x')
    await assert.rejects(
      fetchModel({ url: `${base}/m.json`, out: path.join(folder, 'two'), root: undefined }),
      { code: 'wrong_root', hint: /Something else lies in that folder/ },
    )
  })

  it('takes no manifest that leads out of the folder, or whose root is not its files’', async () => {
    const manifest = JSON.parse(await readFile(path.join(folder, 'm.json'), 'utf8'))
    const refuse = (change: object, says: RegExp) =>
      assert.throws(() => parseManifest(JSON.stringify({ ...manifest, ...change })), {
        code: 'manifest_invalid',
        message: says,
      })
    const [one, ...others] = manifest.files
    for (const name of ['../x', '/etc/x', 'a/../b', 'a\\b', '']) {
      refuse({ files: [{ ...one, path: name }, ...others] }, /relative, plain|paths of a model/)
    }
    refuse({ root: '00'.repeat(32) }, /it says 0000/)
    refuse({ format: 'fractal-model-2' }, /format/)
    assert.throws(() => parseManifest('<html>'), { code: 'manifest_invalid' })
  })

  it('is said on the command line, as is the manifest', async () => {
    const { root } = (await readModel(RANDOM_MODEL)).files
    const manifest = await runCli([
      'model',
      'manifest',
      path.join(folder, 'm'),
      '--out',
      path.join(folder, 'n.json'),
    ])
    assert.match(manifest.stdout, new RegExp(`^root +${root}$`, 'm'))
    assert.equal(parseManifest(await readFile(path.join(folder, 'n.json'), 'utf8')).root, root)
    const [misused, wrong] = await Promise.all([
      runCli(['model', 'fetch', 'https://host/folder/', '--out', 'x']),
      runCli([
        'model',
        'fetch',
        `${base}/m.json`,
        '--out',
        path.join(folder, 'o'),
        '--root',
        'abc',
      ]),
    ])
    assert.equal(misused.code, 2)
    assert.match(misused.stderr, /takes the address of a manifest/)
    assert.match(wrong.stderr, /--root takes 64 hexadecimal digits/)
  }).timeout(240_000)
})
