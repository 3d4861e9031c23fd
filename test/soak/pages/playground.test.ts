import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import type { Receipt, Video } from '../../../web/api-types.js'
import { codeSample } from '../../../web/playground/code-samples.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'
import { axeFindings } from './axe.js'
import { useBrowser, type Visit } from './browser.js'
import { looksRight, nameless } from './look.js'

const run = promisify(execFile)
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url))
const FRAMES = 8

// These run in the page.
const hasBegun = (video: { currentTime: number }) => video.currentTime > 0
const widthOf = (video: { videoWidth: number }) => video.videoWidth
const hasFocus = (element: { matches(selector: string): boolean }) => element.matches(':focus')
const cutOff = (pre: { scrollWidth: number; clientWidth: number }) =>
  pre.scrollWidth - pre.clientWidth
const letAnythingThrough = (form: { noValidate: boolean }) => {
  form.noValidate = true
}

describe('the playground, on a grid', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({
    provers: 1,
    stepMs: 5,
    video: { steps: 4, frames: FRAMES, width: 32, height: 32 },
  })
  const visit = useBrowser()

  async function open(): Promise<Visit> {
    const visited = await visit({ origin: grid().url })
    await visited.page.goto(`${grid().url}/playground#key=${grid().key}`)
    await visited.page.getByText('Your videos').waitFor()
    return visited
  }
  afterEach(() => {
    // A test that failed leaves no prover waiting.
    grid().provers[0]!.generator.letGo()
  })
  const make = (page: Page) => page.getByRole('button', { name: 'Make the video' })
  const said = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

  it('goes from a prompt through progress and frames to a video that plays, and a receipt that holds', async () => {
    const { page, wrong } = await open()
    const held = grid().provers[0]!.generator.hold(2)
    await page.getByRole('textbox', { name: 'Prompt' }).fill('a “red” <b>ball</b> rolls')
    await page.getByRole('combobox', { name: 'Size' }).selectOption('48x32')
    await make(page).click()
    await page.getByRole('progressbar', { name: 'Progress of the video' }).waitFor()
    await said(page, /In progress: \d+ %/)
    assert.match(page.url(), /\?video=video_[0-9a-f]{24}$/)
    held.release()
    await page.getByRole('img', { name: `${FRAMES} of ${FRAMES} frames have arrived` }).waitFor()
    const film = page.locator('video')
    await film.waitFor()
    await until('the video plays', () => film.evaluate(hasBegun))
    assert.equal(await film.evaluate(widthOf), 48)

    await page.getByRole('button', { name: 'Check it' }).click()
    await said(page, 'The receipt holds')
    await page.getByText('The signed text, line by line').click()
    assert.equal(await page.locator('.signed tr').count(), 10)
    assert.equal(await page.locator('.findings .verdict-cheat').count(), 0)
    await page.getByText(`The ${FRAMES} frames that were hashed`).click()
    await looksRight(page, 'a finished video')
    assert.deepEqual(await nameless(page), [])
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(wrong, [])

    // A reload goes on where it was, and the list has it.
    await page.reload()
    await film.waitFor()
    assert.equal(
      await page.getByRole('textbox', { name: 'Prompt' }).inputValue(),
      'a “red” <b>ball</b> rolls',
    )
    // Exactly one: of several it would say so.
    await page.locator('.videos a[aria-current]').waitFor()

    // Its seed is not in the form: the next video would silently count for nobody.
    const seed = page.getByRole('spinbutton', { name: 'Seed' })
    assert.equal(await seed.inputValue(), '')
    assert.equal(await page.getByText('it counts for no prover').count(), 0)
    // Told to, it is used, and that is said; no second video comes of it.
    await page.getByRole('button', { name: 'Use its seed' }).click()
    assert.match(await seed.inputValue(), /^\d+$/)
    await said(page, 'it counts for no prover')
    await make(page).click()
    await said(page, 'This is the video you already have')
    await page.getByRole('button', { name: /yellow star/ }).click()
    assert.equal(await seed.inputValue(), '')
    assert.equal(await page.getByText('This is the video you already have').count(), 0)
  })

  it('takes a prompt from the address, and cuts no line of its code', async () => {
    const { page } = await visit({ origin: grid().url, width: 390 })
    await page.goto(`${grid().url}/playground?prompt=a%20red%20circle#key=${grid().key}`)
    const prompt = page.getByRole('textbox', { name: 'Prompt' })
    assert.equal(await prompt.inputValue(), 'a red circle')
    for (const language of ['curl', 'JavaScript', 'Python']) {
      await page.getByRole('button', { name: language }).click()
      const cut = await page.locator('.code pre').evaluate(cutOff)
      assert.equal(cut, 0, language)
    }
  })

  it('shows every receipt that was tampered with as such', async () => {
    const { page, wrong } = await open()
    await page.getByRole('button', { name: /yellow star/ }).click()
    await make(page).click()
    await page.getByRole('button', { name: 'Check it' }).waitFor()
    const tampered: [string, (receipt: Receipt) => unknown, string][] = [
      [
        'seed',
        (r) => ({
          ...r,
          request: { ...r.request, body: r.request.body.replace('"seed":', '"seed":1') },
        }),
        'The prover signed it',
      ],
      [
        'frames',
        (r) => ({ ...r, answer: { ...r.answer, frames_sha256: '0'.repeat(64) } }),
        'The frames are the ones that were signed',
      ],
      ['prover', (r) => ({ ...r, prover: r.verifier }), 'The prover signed it'],
    ]
    for (const [name, change, finding] of tampered) {
      await page.route('**/receipt', async (route) => {
        const res = await route.fetch()
        await route.fulfill({ response: res, json: change((await res.json()) as Receipt) })
      })
      await page.getByRole('button', { name: /^Check it/ }).click()
      await page.getByRole('alert').getByText('The receipt does not hold').waitFor()
      const line = page.locator('.findings li', { hasText: finding })
      assert.match((await line.textContent())!, /failed/, name)
      await page.unroute('**/receipt')
    }
    // One frame of another video, with the receipt untouched.
    await page.route('**/frames/3?format=rgb', (route) =>
      route.fulfill({ contentType: 'application/octet-stream', body: Buffer.alloc(32 * 32 * 3) }),
    )
    await page.getByRole('button', { name: /^Check it/ }).click()
    await page.getByText('Hashed here, they give a different hash').waitFor()
    await page.unroute('**/frames/3?format=rgb')
    await page.getByRole('button', { name: /^Check it/ }).click()
    await said(page, 'The receipt holds')
    assert.deepEqual(wrong, [])
  })

  it('cancels, by keys alone, and says what happened; the prover stops', async () => {
    const { page, wrong } = await open()
    const { generator } = grid().provers[0]!
    const held = generator.hold(2)
    const prompt = page.getByRole('textbox', { name: 'Prompt' })
    await prompt.focus()
    await page.keyboard.type('a green heart grows on white')
    await page.keyboard.press('Control+Enter')
    await said(page, /In progress/)
    const cancel = page.getByRole('button', { name: 'Cancel' })
    for (let tabs = 0; !(await cancel.evaluate(hasFocus)); tabs += 1) {
      assert.ok(tabs < 60, 'Cancel is reached by Tab')
      await page.keyboard.press('Tab')
    }
    // The answer waits until the page was seen saying what it does: else that may pass unseen.
    let answer = () => {}
    const seen = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route('**/cancel', async (route) => {
      await seen
      await route.continue()
    })
    const before = generator.cancelledAt.length
    await page.keyboard.press('Enter')
    await page.getByText('Stopping …').waitFor()
    answer()
    await said(page, /^Cancelled at \d+ %/)
    await said(page, /Whoever was at work on it stops between two denoising steps/)
    assert.match(
      String(await page.evaluate('document.activeElement?.textContent')),
      /^Cancelled at/,
      'the focus goes on',
    )
    held.release()
    await until('the prover stopped', () => generator.cancelledAt.length > before)
    assert.deepEqual(wrong, [])
  })

  it('says what failed, and what a refused field wants', async () => {
    const visited = await visit({ origin: grid().url, refused: [400] })
    const { page } = visited
    await page.goto(`${grid().url}/playground#key=${grid().key}`)
    await page.getByRole('button', { name: /yellow star/ }).click()
    await page.getByText('Advanced').click()
    // Past the form's own check, as a page with older limits would be.
    await page.locator('form.request').evaluate(letAnythingThrough)
    const frames = page.getByRole('spinbutton', { name: 'Frames', exact: true })
    await frames.fill('100000')
    await make(page).click()
    await page.getByRole('alert').waitFor()
    assert.equal(await frames.getAttribute('aria-invalid'), 'true')
    await frames.fill('')
    // A grid takes long to give up; what it then tells is all that matters here.
    await page.route('**/events', async (route) => {
      const id = /video_[0-9a-f]{24}/.exec(route.request().url())![0]
      const video = (await (await grid().fetch(`/v1/videos/${id}`)).json()) as Video
      const error = { code: 'no_prover_available', message: 'No prover took the request.' }
      const data = { type: 'video.failed', video: { ...video, status: 'failed', error } }
      const body = `event: video.failed\ndata: ${JSON.stringify(data)}\n\n`
      await route.fulfill({ contentType: 'text/event-stream', body })
    })
    await make(page).click()
    await said(page, 'The video failed')
    await said(page, /No prover took the request.*says who is reachable/)
    assert.deepEqual(visited.wrong, [])
  })

  it('says when the connection is lost, and goes on when it is back', async () => {
    const { page } = await open()
    const held = grid().provers[0]!.generator.hold(2)
    await page.clock.install()
    const lost = page.getByText('Connection lost, trying again')
    const dead = (route: { abort(): Promise<void> }) => route.abort()
    await page.route('**/events', dead)
    await page.getByRole('button', { name: /yellow star/ }).click()
    await make(page).click()
    await lost.waitFor()
    await page.unroute('**/events', dead)
    await lost.waitFor({ state: 'detached' })
    // Nobody closed it, and nothing comes.
    await page.clock.fastForward(31_000)
    await lost.waitFor()
    await lost.waitFor({ state: 'detached' })
    held.release()
    await page.locator('video').waitFor()
  })

  it('says that a dead key is dead, until there is another', async () => {
    const { page, wrong } = await visit({ origin: grid().url, refused: [401] })
    await page.goto(`${grid().url}/playground#key=fk_${'0'.repeat(40)}`)
    await page.getByRole('alert').getByText('This key is not valid (any more)').waitFor()
    assert.ok(await make(page).isDisabled())
    assert.equal(await page.getByText('Your videos').count(), 0)
    await page.getByRole('textbox', { name: 'API key' }).fill(grid().key)
    await page.getByRole('button', { name: 'Use this key' }).click()
    await page.getByText('Your videos').waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
    assert.deepEqual(wrong, [])
  })

  describe('its code', () => {
    const AWKWARD = 'it\'s a "red" $HOME `ball` \\ rolls é'
    let folder: string
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fractal-code-'))
      await symlink(MODULES, join(folder, 'node_modules'))
    })
    after(() => rm(folder, { recursive: true, force: true }))

    it('for JavaScript makes this very video', async () => {
      const body = { prompt: AWKWARD, seed: 5, steps: 2 }
      await writeFile(join(folder, 'sample.mjs'), codeSample('JavaScript', body, grid().url))
      const env = { ...process.env, FRACTAL_API_KEY: grid().key }
      const { stdout } = await run(process.execPath, ['sample.mjs'], { cwd: folder, env })
      assert.match(stdout, /completed 100/)
      const mp4 = await readFile(join(folder, 'video.mp4'))
      assert.equal(mp4.subarray(4, 8).toString('latin1'), 'ftyp')
      const list = (await (await grid().fetch('/v1/videos?limit=1')).json()) as {
        data: { prompt: string; seed: number; steps: number }[]
      }
      const { prompt, seed, steps } = list.data[0]!
      assert.deepEqual({ prompt, seed, steps }, body)
    })

    it('for curl survives the shell', async () => {
      const sample = codeSample('curl', { prompt: AWKWARD }, 'http://here')
      // Each argument as the shell makes it, in place of curl.
      const script = `curl() { printf '%s\\0' "$@"; }\n${sample}`
      const { stdout } = await run('bash', ['-c', script], {
        env: { ...process.env, FRACTAL_API_KEY: 'fk_x' },
      })
      const args = stdout.split('\0')
      assert.deepEqual(JSON.parse(args[args.indexOf('-d') + 1]!), { prompt: AWKWARD, stream: true })
      assert.ok(args.includes('Authorization: Bearer fk_x'))
    })

    it('for Python quotes what it holds', () => {
      const sample = codeSample(
        'Python',
        { prompt: AWKWARD, size: '64x64', seed: 5 },
        'http://here',
      )
      assert.match(sample, /prompt="it's a \\"red\\" \$HOME `ball` \\\\ rolls é",/)
      assert.match(sample, /size="64x64",\n {4}extra_body=\{"seed": 5\},/)
    })
  })
})
