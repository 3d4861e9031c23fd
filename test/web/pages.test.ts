import assert from 'node:assert/strict'
import type { Client } from '@temporalio/client'
import type { IntervalList } from '../../web/api-types.js'
import { livedInterval, scenic, settled } from '../api/network/scene.js'
import { awayTemporal, startApi, TEST_KEY, type TestApi } from '../api/server.js'
import { newVerifier } from '../ledger/fixtures.js'
import { useDatabase } from '../support/postgres.js'
import { useBrowser, type Visit } from './browser.js'
import { looksRight, nameless } from './look.js'

const STORED_KEY = "[sessionStorage.getItem('fractal.key'), localStorage.getItem('fractal.key')]"

describe('the pages in a browser', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const visit = useBrowser()
  const [good, weak] = [scenic(1), scenic(2)]
  let temporal: Client
  /** With settled intervals, and with nothing at all. */
  let full: TestApi
  let empty: TestApi

  before(async () => {
    const { db, url } = database()
    temporal = awayTemporal()
    const id = newVerifier()
    await livedInterval(db, id, 1, [
      { of: good, passes: 4, served: 6 },
      { of: weak, cheats: 2, passes: 1, fails: 1, served: 1, late: 1 },
    ])
    await settled(db, id, 1)
    await livedInterval(db, id, 2, [{ of: good, passes: 2, fails: 1, served: 3, late: 1 }])
    await settled(db, id, 2)
    await livedInterval(db, id, 3, [{ of: good, passes: 1, served: 2 }])
    full = await startApi({ db, url, temporal, verifierId: id })
    empty = await startApi({ db, url, temporal, verifierId: newVerifier() })
  })
  after(async () => {
    await full?.close()
    await empty?.close()
    await temporal?.connection.close()
  })

  /** Opens a page and waits until it shows what it has. */
  async function open(api: TestApi, path: string, refused: readonly number[] = []): Promise<Visit> {
    const visited = await visit({ origin: api.url, refused })
    await visited.page.goto(api.url + path)
    await visited.page.locator('h1').waitFor()
    await visited.page.locator('.skeleton').waitFor({ state: 'detached' })
    return visited
  }

  const pages: [string, RegExp][] = [
    ['/', /Provers by tier/],
    [`/provers/${good.hotkey}`, /Why Bronze\?/],
    ['/intervals', /Newest first/],
    ['/intervals/1', /Verdicts/],
    ['/intervals/3', /Nothing of it is shown before it is final/],
    [`/playground#key=${TEST_KEY}`, /This request as code/],
    ['/playground', /A key is needed/],
  ]
  for (const [path, shown] of pages) {
    it(`${path.split('#')[0]} shows what there is, in every width and theme, to every reader`, async () => {
      const { page, wrong } = await open(full, path)
      await page.getByText(shown).first().waitFor()
      for (const details of await page.locator('details > summary').all()) await details.click()
      await looksRight(page, path)
      assert.deepEqual(await nameless(page), [])
      assert.deepEqual(wrong, [])
    })
  }

  it('say so where a ledger is empty, and where there is no such thing', async () => {
    const places: [string, RegExp, number[]][] = [
      ['/', /No provers yet/, []],
      ['/intervals', /No interval yet/, []],
      [`/provers/${good.hotkey}`, /No prover has this hotkey here/, [404]],
      ['/intervals/9', /no interval with this number/, [404]],
      ['/nothing/here', /There is no such page/, [404]],
    ]
    for (const [path, said, refused] of places) {
      const { page, wrong } = await open(empty, path, refused)
      await page.getByText(said).first().waitFor()
      if (path !== '/intervals/9') await looksRight(page, path)
      assert.deepEqual(wrong, [], path)
    }
  })

  it('tell why a prover is in its tier: conditions with their thresholds, history, moves', async () => {
    const { page } = await open(full, '/')
    await page
      .getByRole('link', { name: /^5Prover1|5Prove…/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Why Bronze?' }).waitFor()
    await page.getByText('Validation success rate').first().waitFor()
    assert.ok((await page.locator('.meter b').count()) > 0, 'a threshold is marked')
    await page.getByText('Relegated to').waitFor()
    const chart = page.getByRole('slider')
    await chart.focus()
    assert.match((await chart.getAttribute('aria-valuetext'))!, /^Interval 2, /)
    await page.keyboard.press('ArrowLeft')
    assert.match((await chart.getAttribute('aria-valuetext'))!, /^Interval 1, /)
    await page.getByText('As a table').click()
    assert.equal(await page.locator('.chart tbody tr').count(), 2)
  })

  it('show verdicts by verdict, weights and what binds the verifier', async () => {
    const { page } = await open(full, '/intervals')
    await page
      .getByRole('row', { name: /^1 settled/ })
      .getByRole('link')
      .click()
    await page.getByRole('button', { name: 'cheat 2' }).click()
    const rows = page.getByRole('table', { name: 'Verdicts of interval 1' }).locator('tbody tr')
    assert.equal(await rows.count(), 2)
    assert.match(
      (await rows.first().textContent())!,
      /other bytes than the verifier computed twice/,
    )
    await page.getByText('What binds the verifier').waitFor()
  })

  it('claim nothing where nothing was decided, and say where an interval stopped', async () => {
    const lines = '**/v1/network/intervals?*'
    const { page } = await visit({ origin: full.url })
    await page.route(lines, async (route) => {
      const res = await route.fetch()
      const list = (await res.json()) as IntervalList
      const data = list.data.map((line) => ({ ...line, passes: 0, cheats: 0, fails: 0, checks: 2 }))
      await route.fulfill({ response: res, json: { ...list, data } })
    })
    await page.goto(full.url)
    const cell = page.locator('.strip a[aria-label^="Interval 2:"]')
    await cell.waitFor()
    assert.equal(await cell.textContent(), '–')
    assert.match((await cell.getAttribute('aria-label'))!, /2 undecided/)
    assert.equal(await page.locator('.strip .clean').count(), 0)
    await page.route('**/v1/network/intervals/3', async (route) => {
      const res = await route.fetch()
      const failed = { phase: 'audit', failure: 'GpuUnavailable', failed: true, retryable: true }
      await route.fulfill({ response: res, json: { ...(await res.json()), ...failed } })
    })
    await page.goto(`${full.url}/intervals/3`)
    await page.getByText('audit: stopped here').waitFor()
    assert.match((await page.locator('.steps .lost').textContent())!, /Audit.*stopped here/)
    assert.equal(await page.locator('.steps .now').count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Run it again' }).count(), 0)
    await looksRight(page, 'a failed interval')
  })

  it('say when nothing answers, keep what they had, and go on by themselves', async () => {
    const { page } = await open(full, '/')
    const row = page.locator('.provers td').first()
    await row.waitFor()
    await page.route('**/v1/**', (route) => route.abort())
    // Asks at once, as it does when a device is back.
    await page.evaluate("dispatchEvent(new Event('online'))")
    await page.getByText('The API does not answer').waitFor()
    assert.ok(await row.isVisible(), 'what was shown stays')
    await page.locator('.live.stale').waitFor()
    await page.unroute('**/v1/**')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('The API does not answer').waitFor({ state: 'detached' })
  })

  it('say how long to wait, and what a refusal is about', async () => {
    const answers: [number, string, RegExp][] = [
      [429, 'rate_limited', /Too many requests.*Worth trying again in (60|59) s/s],
      [503, 'ledger_unavailable', /ledger is away/],
      [401, 'invalid_api_key', /A key is needed here.*Use this key/s],
      [403, 'insufficient_scope', /may not do that/],
    ]
    const { page, wrong } = await visit({
      origin: full.url,
      refused: answers.map(([status]) => status),
    })
    for (const [status, code, said] of answers) {
      await page.route('**/v1/**', (route) =>
        route.fulfill({
          status,
          contentType: 'application/problem+json',
          headers: status === 429 ? { 'Retry-After': '60' } : {},
          body: JSON.stringify({ code, detail: 'It was refused.' }),
        }),
      )
      await page.goto(`${full.url}/intervals`)
      const notice = page.getByRole('alert')
      await notice.waitFor()
      assert.match((await notice.textContent())!, said)
      await page.unroute('**/v1/**')
    }
    assert.deepEqual(wrong, [])
  })

  it('take the key out of the address, and keep it for the tab only, unless told otherwise', async () => {
    const { page, context } = await open(full, `/playground#key=${TEST_KEY}`)
    assert.equal(page.url(), `${full.url}/playground`)
    assert.equal(await page.getByText(TEST_KEY).count(), 0, 'it is never shown whole')
    const stored = () => page.evaluate(STORED_KEY)
    assert.deepEqual(await stored(), [TEST_KEY, null])
    const other = await context.newPage()
    await other.goto(`${full.url}/playground`)
    await other.getByText('A key is needed').waitFor()
    await page.getByRole('button', { name: 'Forget it' }).click()
    assert.deepEqual(await stored(), [null, null])
    await page.getByRole('textbox', { name: 'API key' }).fill(TEST_KEY)
    await page.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Use this key' }).click()
    await page.getByText('kept on this device').waitFor()
    assert.deepEqual(await stored(), [null, TEST_KEY])
  })

  it('keep the theme that was chosen', async () => {
    const { page } = await open(full, '/')
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    const toggle = page.getByRole('button', { name: /^Theme/ })
    await toggle.click()
    await toggle.click()
    const dark = await ground()
    assert.notEqual(dark, light)
    await page.reload()
    assert.equal(await ground(), dark)
  })

  it('can be reached by keys: skip link, focus that shows, focus that moves with the page', async () => {
    const { page } = await open(full, '/')
    await page.keyboard.press('Tab')
    const focused = () => page.evaluate('document.activeElement?.textContent?.trim()')
    assert.equal(await focused(), 'Skip to the content')
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.activeElement?.id'), 'main')
    await page.keyboard.press('Tab')
    assert.equal(await focused(), 'Make a video')
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
    assert.equal(outline, 'solid')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Playground' }).waitFor()
    assert.equal(await page.evaluate('document.activeElement?.id'), 'main')
  })

  it('/docs shows every operation of the document, asks nobody else, leads back', async () => {
    const visited = await visit({ origin: full.url })
    await visited.page.goto(`${full.url}/docs`)
    await visited.page.locator('.opblock').first().waitFor()
    const document = (await (await full.fetch('/openapi.json')).json()) as {
      paths: Record<string, object>
      webhooks?: Record<string, object>
    }
    const operations = [document.paths, document.webhooks ?? {}]
      .flatMap((part) => Object.values(part))
      .flatMap((path) => Object.keys(path))
    assert.equal(await visited.page.locator('.opblock').count(), operations.length)
    assert.equal(
      await visited.page.getByRole('link', { name: '← Fractal' }).getAttribute('href'),
      '/',
    )
    for (const method of ['get', 'post', 'delete'])
      await visited.page.locator(`.opblock-${method} .opblock-summary-control`).first().click()
    await visited.page.getByRole('button', { name: 'Execute' }).first().waitFor()
    await looksRight(visited.page, '/docs')
    assert.deepEqual(visited.wrong, [])
  })
})
