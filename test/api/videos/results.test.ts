import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { decode } from 'fast-png'
import type { Video } from '../../../api/videos/object.js'
import type { Receipt } from '../../../api/videos/receipt-object.js'
import { sr25519Ready, verifyText } from '../../../base/sr25519.js'
import { answerText } from '../../../formats/answer.js'
import { framesSha256 } from '../../../formats/frames.js'
import { decideWeights } from '../../../ledger/intervals/weights.js'
import { insertVerdicts } from '../../../ledger/judging/verdicts.js'
import { getContent, getJob } from '../../../ledger/requests/jobs.js'
import { pruneVideos } from '../../../ledger/requests/retention.js'
import { REASONS, type Reason, type Verdict } from '../../../rules/verdicts.js'
import { signedText } from '../../../wire/btauth.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'
import { NO_WEIGHTS } from '../network/scene.js'
import type { Problem } from '../server.js'

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest()

describe('what there is of a video', () => {
  const grid = useSmallGrid({ video: { frames: 3 } })
  let video: Video
  before(async () => {
    await sr25519Ready()
    video = await make({ prompt: 'a red ball rolls', negative_prompt: 'blur' })
  })

  const make = async (body: object): Promise<Video> => {
    const answer = await grid().post('/v1/videos', body, { headers: { Prefer: 'wait=30' } })
    const made = (await answer.json()) as Video
    assert.equal(made.status, 'completed', JSON.stringify(made))
    return made
  }
  const get = (path: string, headers: Record<string, string> = {}, of: Video = video) =>
    grid().fetch(`/v1/videos/${of.id}${path}`, { headers })
  const bytesOf = async (answer: Response) => {
    assert.equal(answer.status, 200, answer.ok ? '' : await answer.text())
    return new Uint8Array(await answer.arrayBuffer())
  }
  const refused = async (answer: Response, status: number, code: string) => {
    const problem = (await answer.json()) as Problem
    assert.deepEqual([answer.status, problem.code], [status, code], JSON.stringify(problem))
  }
  const receipt = async (of: Video = video) =>
    (await (await get('/receipt', {}, of)).json()) as Receipt

  it('its receipt holds, recomputed from the frames by anybody', async () => {
    const found = await receipt()
    const { request, answer, width, height, num_frames: frames } = found
    const rgb = await Promise.all(
      [1, 2, 3].map(async (index) => bytesOf(await get(`/frames/${index}?format=rgb`))),
    )
    assert.deepEqual([rgb[0]!.length, frames], [width * height * 3, 3])
    assert.equal(framesSha256({ width, height, frames }, rgb.map(sha256)), answer.frames_sha256)
    assert.equal(sha256(request.body).toString('hex'), request.body_sha256)
    assert.equal(sha256(answer.determinism_class).toString('hex'), answer.class_sha256)
    const text = answerText({
      genesisHash: found.genesis_hash,
      netuid: found.netuid,
      verifier: found.verifier,
      prover: found.prover,
      bodySha256: request.body_sha256,
      framesSha256: answer.frames_sha256,
      traceRoot: answer.trace_root,
      determinismClass: answer.determinism_class,
      modelRoot: answer.model_root,
    })
    assert.equal(answer.signed_text, text)
    assert.ok(verifyText(found.prover, text, answer.signature), 'the prover signed the answer')
    const asked = signedText({
      method: 'POST',
      target: '/v1/generate',
      body: Buffer.from(request.body),
      nonce: BigInt(request.nonce),
      receiver: found.prover,
      sender: found.verifier,
    })
    assert.ok(
      verifyText(found.verifier, asked, request.signature),
      'the verifier signed the request',
    )

    assert.equal(found.verifier, grid().id.verifier)
    assert.equal(found.prover, video.prover)
    assert.deepEqual([found.video_id, found.seed, found.counted], [video.id, video.seed, true])
    const body = JSON.parse(request.body)
    assert.deepEqual(
      [body.request_id, body.query, body.private_input.negative_prompt, body.sampling_params.seed],
      [found.request_id, video.prompt, 'blur', video.seed],
    )
    assert.ok(found.elapsed_ms! >= 0 && found.completed_at >= video.created_at!)
  })

  it('a judgment is told once its interval is final, and its weights are out', async () => {
    const { db, id } = grid()
    const before = await receipt()
    const nothing = { verdict: null, reason: null, reason_text: null, checks: [] }
    assert.equal(before.url, `/v1/videos/${video.id}/receipt`)
    assert.deepEqual(before.judgment, { state: 'not_yet_public', ...nothing })
    assert.equal(before.interval, 1)
    const check = (kind: 'audit' | 'spotcheck', verdict: Verdict, reason: Reason) =>
      insertVerdicts(db, id, 1, [
        {
          requestId: before.request_id,
          hotkey: before.prover,
          registeredBlock: 100,
          ...{ kind, verdict, reason, rewardPpm: null, detail: null },
        },
      ])
    await check('spotcheck', 'pass', 'step_equal')
    assert.deepEqual((await receipt()).judgment, before.judgment)
    const unchecked = await make({ prompt: 'unchecked' })
    const step = {
      verdict: 'pass',
      reason: 'step_equal',
      reason_text: REASONS.step_equal,
    }
    await db.execute(
      `UPDATE intervals SET phase = 'settled', closed_at = now(), settled_at = now()`,
    )
    try {
      assert.deepEqual((await receipt()).judgment, before.judgment)
      await db.tx((tx) => decideWeights(tx, id, 1, NO_WEIGHTS))
      assert.deepEqual((await receipt()).judgment, {
        state: 'judged',
        ...step,
        checks: [{ kind: 'spotcheck', ...step, interval: 1 }],
      })
      const { judgment } = await receipt(unchecked)
      assert.deepEqual(judgment, { state: 'not_judged', ...nothing })
      await check('audit', 'cheat', 'hash_differs')
      const both = (await receipt()).judgment
      assert.equal(both.verdict, 'cheat', 'the worst of its checks')
      assert.deepEqual(
        both.checks.map(({ kind, verdict }) => [kind, verdict]),
        [
          ['spotcheck', 'pass'],
          ['audit', 'cheat'],
        ],
      )
    } finally {
      await db.execute(`UPDATE intervals SET phase = 'rounds', closed_at = NULL, settled_at = NULL`)
    }
  })

  it('tells the tier of its prover, and its last cheat once that interval is settled', async () => {
    const { db, id } = grid()
    const before = await receipt()
    assert.deepEqual([before.prover_tier, before.prover_caught], ['bronze', null])
    const score = (n: number, cheats: number, passed: number) =>
      db.execute(
        `INSERT INTO scores (netuid, verifier, n, hotkey, registered_block, uid, tier_before, tier_after,
           request_attempts, request_successes, checks_judged, checks_passed, cheats, total_before, total_after,
           score_before, score_after)
         SELECT netuid, verifier, $3, hotkey, registered_block, uid, 'bronze', 'bronze', 0, 0, $5, $5, $4, 0, 0, 0, 0
         FROM interval_provers WHERE netuid = $1 AND verifier = $2 AND hotkey = $6`,
        [id.netuid, id.verifier, n, cheats, passed, before.prover],
      )
    await db.execute('ALTER TABLE scores DROP CONSTRAINT scores_netuid_verifier_n_fkey')
    await score(90, 1, 7)
    await score(91, 0, 3)
    const caught = { interval: 90, checks_passed_since: 3, last_resort: true }
    assert.equal((await receipt()).prover_caught, null, 'these are not shown yet')
    const shown = (n: number) =>
      db.execute(
        `INSERT INTO intervals (netuid, verifier, n, first_block, length, phase, closed_at)
         VALUES ($1, $2, $3, $4, 1, 'missed', now())`,
        [id.netuid, id.verifier, n, 100_000 + n],
      )
    await shown(91)
    assert.deepEqual((await receipt()).prover_caught, caught)
    await score(92, 0, 2)
    await shown(92)
    assert.deepEqual((await receipt()).prover_caught, {
      interval: 90,
      checks_passed_since: 5,
      last_resort: false,
    })
    await db.execute('DELETE FROM scores')
    await db.execute('DELETE FROM intervals WHERE n > 90')
  })

  it('its frames come without loss, as pictures or as bytes', async () => {
    const plain = await get('/frames/2?format=rgb', { 'Accept-Encoding': 'identity' })
    assert.equal(plain.headers.get('content-encoding'), null)
    const rgb = await bytesOf(plain)
    const packed = await get('/frames/2?format=rgb', { 'Accept-Encoding': 'deflate' })
    assert.equal(packed.headers.get('content-encoding'), 'deflate')
    assert.deepEqual(await bytesOf(packed), rgb)
    const picture = await get('/frames/2')
    assert.equal(picture.headers.get('content-type'), 'image/png')
    const png = decode(await bytesOf(picture), { checkCrc: true })
    assert.deepEqual([png.width, png.height], [16, 16])
    assert.deepEqual(Uint8Array.from(png.data), rgb)
    const known = { 'If-None-Match': picture.headers.get('etag')! }
    assert.equal((await get('/frames/2', known)).status, 304)
    for (const index of ['0', '4', '01', '-1', '1.5', '99999999999', 'x']) {
      await refused(await get(`/frames/${index}`), 404, 'frame_not_found')
    }
    await refused(await get('/frames/1?format=gif'), 400, 'invalid_request')
  })

  it('its thumbnail is stored, and made anew for older ones', async () => {
    const { db } = grid()
    const stored = await get('/content?variant=thumbnail')
    assert.equal(stored.headers.get('content-type'), 'image/png')
    assert.match(stored.headers.get('content-disposition')!, /\.png"$/)
    const png = await bytesOf(stored)
    const middle = await bytesOf(await get('/frames/2?format=rgb'))
    assert.deepEqual(Uint8Array.from(decode(png).data), middle)
    assert.notEqual(await getContent(db, video.id, 'thumbnail'), null)
    await db.execute(`DELETE FROM contents WHERE job_id = $1 AND variant = 'thumbnail'`, [video.id])
    assert.deepEqual(await bytesOf(await get('/content?variant=thumbnail')), png)
  })

  it('all of it expires but the receipt', async () => {
    const old = await make({ prompt: 'old' })
    await grid().db.execute('UPDATE jobs SET expires_at = now() WHERE id = $1', [old.id])
    for (const path of ['/content', '/content?variant=thumbnail', '/frames/1']) {
      await refused(await get(path, {}, old), 410, 'video_expired')
    }
    assert.equal((await receipt(old)).video_id, old.id)
  })

  it('there is nothing before it is finished, nor when it failed', async () => {
    const held = grid().provers.map(({ generator }) => generator.hold())
    const answer = await grid().post('/v1/videos', { prompt: 'held' })
    const queued = (await answer.json()) as Video
    for (const path of ['/content', '/frames/1', '/receipt']) {
      await refused(await get(path, {}, queued), 409, 'video_not_ready')
    }
    await grid().post(`/v1/videos/${queued.id}/cancel`, {})
    for (const each of held) each.release()
    await until('its end', async () => (await getJob(grid().db, queued.id))?.status === 'failed')
    for (const path of ['/content', '/frames/1', '/receipt']) {
      await refused(await get(path, {}, queued), 410, 'video_failed')
    }
  })

  it('nothing is left for anybody once it is deleted, nor comes later', async () => {
    const { db } = grid()
    const gone = await make({ prompt: 'gone', seed: 12 })
    const before = await getJob(db, gone.id)
    const remove = () => grid().fetch(`/v1/videos/${gone.id}`, { method: 'DELETE' })
    assert.deepEqual(await (await remove()).json(), {
      id: gone.id,
      object: 'video.deleted',
      deleted: true,
    })
    for (const path of ['', '/content', '/frames/1', '/receipt', '/events']) {
      await refused(await get(path, {}, gone), 404, 'video_not_found')
    }
    await refused(await remove(), 404, 'video_not_found')
    assert.equal(await getContent(db, gone.id, 'video'), null)
    // What was judged stays, and the same request is made anew.
    const after = await getJob(db, gone.id)
    assert.equal(after?.winningRequestId, before?.winningRequestId)
    const again = await grid().post('/v1/videos', { prompt: 'gone', seed: 12 })
    assert.notEqual(((await again.json()) as Video).id, gone.id)
  })

  it('a running one is stopped when it is deleted', async () => {
    const { db, provers } = grid()
    const held = provers.map(({ generator }) => generator.hold(1))
    const running = (await (await grid().post('/v1/videos', { prompt: 'x' })).json()) as Video
    await until('it to run', async () => (await getJob(db, running.id))?.status === 'in_progress')
    await grid().fetch(`/v1/videos/${running.id}`, { method: 'DELETE' })
    // Released before that, a quick prover would be done before the news reached it.
    const job = await until('its end', async () => {
      const now = await getJob(db, running.id)
      return now?.status === 'failed' ? now : null
    }).finally(() => {
      for (const each of held) each.release()
    })
    assert.equal(job.errorCode, 'cancelled')
  })

  it('another key’s is unknown, in every way', async () => {
    const foreign = await grid().newJob({ apiKeyId: 'somebody' })
    for (const path of ['', '/content', '/frames/1', '/receipt', '/events']) {
      await refused(await grid().fetch(`/v1/videos/${foreign.id}${path}`), 404, 'video_not_found')
    }
    const remove = await grid().fetch(`/v1/videos/${foreign.id}`, { method: 'DELETE' })
    await refused(remove, 404, 'video_not_found')
    assert.equal((await getJob(grid().db, foreign.id))?.deletedAt, null)
    const list = (await (await grid().fetch('/v1/videos?limit=100')).json()) as { data: Video[] }
    assert.ok(list.data.length > 0 && list.data.every(({ id }) => id !== foreign.id))
    await refused(await grid().fetch(`/v1/videos?after=${foreign.id}`), 404, 'video_not_found')
  })

  it('one that was forgotten for its age is still there, without anything that was kept of it', async () => {
    const { id } = (await (await grid().post('/v1/videos', { prompt: 'old' })).json()) as Video
    const done = async () => (await getJob(grid().db, id))?.status === 'completed'
    await until('its end', done)
    await grid().db.execute(
      `UPDATE jobs SET completed_at = now() - interval '31 days' WHERE id = $1`,
      [id],
    )
    assert.equal(await pruneVideos(grid().db, grid().id, 30, 10), 0, 'its interval is open')
    await grid().db.execute(
      `UPDATE intervals SET phase = 'lapsed', closed_at = now() WHERE verifier = $1`,
      [grid().id.verifier],
    )
    assert.equal(await pruneVideos(grid().db, grid().id, 30, 10), 1)
    for (const path of ['/content', '/content?variant=thumbnail', '/frames/1', '/receipt']) {
      await refused(await grid().fetch(`/v1/videos/${id}${path}`), 410, 'video_expired')
    }
    const shown = (await (await grid().fetch(`/v1/videos/${id}`)).json()) as Video
    assert.deepEqual([shown.status, shown.prompt], ['completed', ''])
    assert.equal((await grid().fetch(`/v1/videos/${id}`, { method: 'DELETE' })).status, 200)
    await grid().db.execute(
      `UPDATE intervals SET phase = 'rounds', closed_at = NULL WHERE verifier = $1`,
      [grid().id.verifier],
    )
  })

  it('lists are asked for in order', async () => {
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'order=up', 'after=x', "after='--"]) {
      await refused(await grid().fetch(`/v1/videos?${query}`), 400, 'invalid_request')
    }
    const none = await grid().fetch('/v1/videos?after=video_000000000000000000000000')
    await refused(none, 404, 'video_not_found')
    const first = (await (await grid().fetch('/v1/videos?order=asc&limit=1')).json()) as object
    const { id } = video
    const oldest = await (await get('')).json()
    const page = { object: 'list', data: [oldest], first_id: id, last_id: id, has_more: true }
    assert.deepEqual(first, page)
  })
})
