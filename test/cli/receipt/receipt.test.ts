import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sr25519Ready } from '../../../base/sr25519.js'
import { type Engine, openEngine } from '../../../engine/engine.js'
import { encodeVideo } from '../../../engine/video/video-file.js'
import type { Receipt } from '../../../web/api-types.js'
import { testSigner } from '../../chain/keys.js'
import { ASKED, honestReceipt } from '../../support/records/receipt.js'
import { type CliResult, runCli } from '../run-cli.js'

const MODEL = fileURLToPath(new URL('../../fixtures/tiny-model/model', import.meta.url))
const asked = { ...ASKED, width: 64, height: 64, steps: 2 }

describe('fractal receipt verify', function () {
  this.timeout(240_000)
  let folder: string
  let engine: Engine
  let receipt: Receipt
  before(async () => {
    await sr25519Ready()
    folder = await mkdtemp(join(tmpdir(), 'fractal-receipt-'))
    engine = await openEngine({ modelDir: MODEL, device: 'cpu' })
    const { prompt, negativePrompt, steps, width, height, fps } = asked
    const frames: Uint8Array[] = []
    const made = await engine.generate(
      {
        ...{ prompt, negativePrompt, steps, width, height, fps },
        seed: 7,
        guidanceMilli: 1000 * asked.guidance,
        frames: asked.frames,
      },
      { onFrame: (_index, rgb) => void frames.push(rgb) },
    )
    const { determinismClass, modelRoot } = engine
    receipt = honestReceipt(testSigner('verifier'), testSigner('prover'), asked, {
      ...{ frames, determinismClass, modelRoot },
      traceRoot: made.traceRoot,
    })
    for (const format of ['rgb', 'mp4'] as const) {
      const bytes = await encodeVideo(format, { frames, width, height, fps })
      await writeFile(join(folder, `video.${format}`), bytes)
      await writeFile(join(folder, `other.${format}`), bytes.with(bytes.length - 9, 7))
    }
  })
  after(async () => {
    await engine?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const verify = async (given: object, ...args: string[]): Promise<CliResult> => {
    const file = join(folder, `${Math.random()}.json`)
    await writeFile(file, JSON.stringify(given))
    return runCli(['receipt', 'verify', file, '--model.dir', MODEL, ...args], { cwd: folder })
  }

  it('says that a receipt holds, with its frames and generated again', async () => {
    const [bare, rgb, again] = await Promise.all([
      verify(receipt),
      verify(receipt, '--frames', 'video.rgb'),
      verify(receipt, '--recompute', '--frames', 'video.mp4'),
    ])
    assert.deepEqual([bare.code, rgb.code, again.code], [0, 0, 0], again.stdout + again.stderr)
    assert.match(bare.stdout, /^signed {2}The frames are the ones that were signed$/m)
    assert.match(bare.stdout, /GET \/v1\/videos\/video_1\/receipt/)
    assert.match(rgb.stdout, /^ok {6}The frames are the ones that were signed$/m)
    assert.match(again.stdout, /^ok {6}The model makes these frames of this request$/m)
    assert.match(again.stdout, /^ok {6}The MP4 shows these frames$/m)
  })

  it('names what is wrong, and ends with 1', async () => {
    const { answer } = receipt
    const [told, frames, mp4] = await Promise.all([
      verify({ ...receipt, seed: 8, answer: { ...answer, trace_root: '00'.repeat(32) } }),
      verify(receipt, '--frames', 'other.rgb'),
      verify(receipt, '--recompute', '--frames', 'other.mp4'),
    ])
    assert.deepEqual([told.code, frames.code, mp4.code], [1, 1, 1])
    assert.match(told.stdout, /something else than the receipt’s seed\./)
    assert.match(told.stdout, /^FAILED {2}The prover signed it$/m)
    assert.match(frames.stdout, /^FAILED {2}The frames are the ones that were signed$/m)
    assert.match(mp4.stdout, /does not hold: The MP4 shows these frames\./)
  })

  it('finds a signed cheat by generating it again, in the class of its prover alone', async () => {
    const cheat = (determinismClass: string) =>
      honestReceipt(testSigner('verifier'), testSigner('prover'), asked, {
        frames: [1, 2].map((value) => new Uint8Array(64 * 64 * 3).fill(value)),
        traceRoot: '00'.repeat(32),
        modelRoot: engine.modelRoot,
        determinismClass,
      })
    const other = engine.determinismClass.replace(/device=[^;]+/, 'device=x64-neon')
    const [same, elsewhere] = await Promise.all([
      verify(cheat(engine.determinismClass), '--recompute'),
      verify(cheat(other), '--recompute', '--json'),
    ])
    assert.equal(same.code, 1)
    assert.match(same.stdout, /other frames\. Its prover did not compute this request/)
    assert.equal(elsewhere.code, 0)
    const { holds, findings } = JSON.parse(elsewhere.stdout)
    const { found, text } = findings.find(({ id }: { id: string }) => id === 'recomputed')
    assert.deepEqual([holds, found], [true, 'open'])
    assert.match(text, /Only a machine of class [0-9a-f]{12} can tell/)
  })

  it('refuses what is no receipt in one line', async () => {
    const { request: _, ...half } = receipt
    const results = await Promise.all([
      verify([]),
      verify(half),
      verify({ ...receipt, num_frames: 'two' }),
      verify(receipt, '--frames', 'video.mp4'),
      runCli(['receipt', 'verify', join(folder, 'video.rgb')]),
      runCli(['receipt', 'verify', join(folder, 'nothing')]),
    ])
    const said = results.map(({ code, stderr }) => `${code} ${stderr.split('\n')[0]}`)
    assert.match(said[0]!, /^1 fractal: This is no receipt: receipt: /)
    assert.match(said[1]!, /^1 fractal: This is no receipt: request: /)
    assert.match(said[2]!, /^1 fractal: This is no receipt: num_frames: /)
    assert.match(said[3]!, /^2 fractal: An MP4 loses some of each frame/)
    assert.match(said[4]!, /is no receipt: it is not JSON/)
    assert.match(said[5]!, /can't be read \(ENOENT\)/)
  })
})
