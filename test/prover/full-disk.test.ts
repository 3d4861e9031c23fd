import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestOutcome } from '../../wire/outcome.js'
import { FakeGenerator } from './fake-generator.js'
import { type Site, withSite } from './site.js'

const reasonOf = (outcome: RequestOutcome) =>
  outcome.kind === 'failed' ? `${outcome.reason}: ${outcome.message}` : outcome.kind
const CANNOT_KEEP = 'error: internal: the answer can’t be kept'

async function readiness(site: Site) {
  const answer = await fetch(`${site.prover.url}/readyz`)
  const { reasons } = (await answer.json()) as { reasons: { check: string; why: string }[] }
  return { status: answer.status, why: reasons.map(({ check, why }) => `${check}: ${why}`).join() }
}

async function keptFolders(site: Site) {
  const names = await Promise.all(
    ['answers', 'states'].map((kind) => readdir(join(site.keepDir, kind))),
  )
  return names.flat()
}

describe('a prover that can’t keep an answer', () => {
  it('does not sign it, leaves nothing behind, and refuses further ones until it can', async () => {
    await withSite({}, async (site) => {
      const folder = join(site.keepDir, 'answers')
      await rename(folder, `${folder}.away`)
      await writeFile(folder, 'no folder')
      assert.equal(reasonOf(await site.ask(site.body())), CANNOT_KEEP)
      assert.deepEqual(await readdir(join(site.keepDir, 'states')), [])
      await rm(folder)
      await rename(`${folder}.away`, folder)
      assert.equal(reasonOf(await site.ask(site.body())), 'answered')
    })
  })

  it('ends a generation whose states meet a full disk, before it has computed the rest', async () => {
    const generator: FakeGenerator = new FakeGenerator({
      beforeStep: async (step) => {
        if (step !== 1) return
        const states = join(site!.keepDir, 'states')
        const draft = (await readdir(states)).find((name) => name.startsWith('.tmp-'))!
        await symlink('/dev/full', join(states, draft, 'state-1.f32'))
      },
    })
    let site: Site | null = null
    await withSite({ generator }, async (opened) => {
      site = opened
      assert.equal(reasonOf(await opened.ask(opened.body())), CANNOT_KEEP)
      while (generator.cancelledAt.length === 0) await new Promise(setImmediate)
      assert.deepEqual(generator.cancelledAt, [2])
      assert.match(opened.logged.join(''), /ENOSPC/)
      assert.deepEqual(await keptFolders(opened), [])
    })
  })

  it('is ready again, and takes requests again, once the disk takes what is written', async () => {
    await withSite({}, async (site) => {
      assert.deepEqual(await readiness(site), { status: 200, why: '' })
      const [folder, away] = [site.keepDir, `${site.keepDir}.away`]
      await rename(folder, away)
      assert.deepEqual(await readiness(site), {
        status: 503,
        why: 'disk: the folder of kept answers is gone',
      })
      const refused = await site.ask(site.body())
      assert.ok(refused.kind === 'refused' && refused.retryAfterMs === 60_000)
      await rename(away, folder)
      assert.equal((await readiness(site)).status, 200)
      assert.equal(reasonOf(await site.ask(site.body())), 'answered')
      const log = site.logged.join('')
      assert.match(log, /answers can’t be kept/)
      assert.match(log, /answers can be kept again/)
    })
  })
})

describe('a prover on a full disk', () => {
  let disk: string
  let isMounted = false

  before(async function () {
    disk = await mkdtemp(join(tmpdir(), 'fractal-full-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk], { stdio: 'ignore' })
      isMounted = true
    } catch {
      // Only root may mount. What is tested above holds for everybody.
      this.skip()
    }
  })

  after(async () => {
    if (isMounted) execFileSync('umount', [disk])
    await rm(disk, { recursive: true })
  })

  it('says so, takes nothing it can’t keep, and still opens what it has kept', async () => {
    const keepDir = join(disk, 'prover')
    await mkdir(keepDir)
    await withSite({ keepDir }, async (site) => {
      const body = site.body()
      assert.equal(reasonOf(await site.ask(body)), 'answered')
      const ballast = join(disk, 'ballast')
      await writeFile(ballast, Buffer.alloc(2 ** 23)).catch(() => {})
      const full = await readiness(site)
      assert.equal(full.status, 503)
      assert.match(full.why, /^disk: the disk is full: 0 MiB are free, an answer .* take 1 MiB$/)
      assert.equal(reasonOf(await site.ask(site.body())), 'refused')
      assert.equal((await site.openStep(body.request_id, 1)).kind, 'opened')
      assert.equal((await site.openStep(body.request_id, 2)).kind, 'opened')
      assert.equal((await site.openStep(body.request_id, 3)).kind, 'refused')
      assert.equal(reasonOf(await site.ask(body)), 'answered')
      const kept = await Promise.all(
        ['answers', 'states'].map((kind) => readdir(join(keepDir, kind))),
      )
      assert.deepEqual(
        kept.map((names) => names.length),
        [1, 1],
      )
      await rm(ballast)
      assert.equal((await readiness(site)).status, 200)
      assert.equal(reasonOf(await site.ask(site.body())), 'answered')
    })
  })
})
