import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { IntervalList } from '../../../web/api-types.js'
import { TEST_KEY, type TestApi } from '../../api/server.js'
import { axeFindings } from './axe.js'
import { useBrowser, type Visit } from './browser.js'
import { good, useLivedNetwork, weak } from './lived-network.js'
import { looksRight, nameless } from './look.js'

const STORED_KEY = "[sessionStorage.getItem('fractal.key'), localStorage.getItem('fractal.key')]"

// These run in the page.
const ALARM = `(() => {
  const probe = document.createElement('i')
  probe.style.color = 'var(--cheat)'
  document.body.append(probe)
  return getComputedStyle(probe).color
})()`
interface Painted {
  getBoundingClientRect(): { readonly x: number }
  readonly ownerDocument: {
    readonly defaultView: {
      getComputedStyle(of: Painted): Record<'color' | 'backgroundColor' | 'paddingLeft', string>
    }
  }
}
const ink = (cell: Painted) => cell.ownerDocument.defaultView.getComputedStyle(cell).color
const ground = (cell: Painted) =>
  cell.ownerDocument.defaultView.getComputedStyle(cell).backgroundColor
const textLeft = (cell: Painted) =>
  cell.getBoundingClientRect().x +
  Number.parseFloat(cell.ownerDocument.defaultView.getComputedStyle(cell).paddingLeft)

/** Opens what is folded, from the outside in. By handles: what opens may add others, so numbers shift. */
async function openAll(page: Page): Promise<void> {
  for (const details of await page.locator('details').elementHandles()) {
    const isOpen = await details.evaluate((element) => 'open' in element && element.open === true)
    if (!isOpen) await (await details.$('summary'))!.click()
  }
}

describe('the pages in a browser', function () {
  this.timeout(240_000)
  const network = useLivedNetwork()
  const visit = useBrowser()
  let full: TestApi
  let empty: TestApi
  before(() => {
    full = network().full
    empty = network().empty
  })

  /** Opens a page and waits until it shows what it has. */
  async function open(api: TestApi, path: string, refused: readonly number[] = []): Promise<Visit> {
    const visited = await visit({ origin: api.url, refused })
    await visited.page.goto(api.url + path)
    await visited.page.locator('h1').waitFor()
    await visited.page.locator('.skeleton').first().waitFor({ state: 'detached' })
    return visited
  }

  const pages: [string, RegExp][] = [
    ['/', /Provers by tier/],
    [`/provers/${good.hotkey}`, /Why Bronze\?/],
    ['/intervals', /Newest first/],
    ['/intervals/1', /Verdicts/],
    ['/judge', /Check interval 1/],
    ['/intervals/3', /Nothing is shown before it is final/],
    [`/playground#key=${TEST_KEY}`, /This request as code/],
    ['/playground', /A key is needed/],
    ['/docs#createVideo', /Create a video/],
  ]
  for (const [path, shown] of pages) {
    it(`${path.split('#')[0]} shows what there is, in every width and theme, to every reader`, async () => {
      const { page, wrong } = await open(full, path)
      await page.getByText(shown).first().waitFor()
      await openAll(page)
      await looksRight(page, path)
      assert.deepEqual(await nameless(page), [])
      assert.deepEqual(await axeFindings(page), [])
      assert.deepEqual(wrong, [])
    })
  }

  it('say so where a ledger is empty, and where there is no such thing', async () => {
    const places: [string, RegExp, number[]][] = [
      ['/', /No provers yet/, []],
      ['/intervals', /No interval yet/, []],
      ['/judge', /No record is public yet/, []],
      [`/provers/${good.hotkey}`, /No prover has this hotkey here/, [404]],
      ['/intervals/9', /no interval with this number/, [404]],
      ['/nothing/here', /There is no such page/, [404]],
    ]
    for (const [path, said, refused] of places) {
      const { page, wrong } = await open(empty, path, refused)
      await page.getByText(said).first().waitFor()
      if (path !== '/intervals/9') await looksRight(page, path)
      assert.deepEqual(await axeFindings(page), [], path)
      assert.deepEqual(wrong, [], path)
    }
  })

  it('say of an interval whose weights are still to come that it waits, and tell nothing of it', async () => {
    const { waiting } = network()
    const { page, wrong } = await open(waiting, '/')
    const cell = page.locator('.strip a[aria-label^="Interval 1:"]')
    await cell.waitFor()
    assert.match((await cell.getAttribute('aria-label'))!, /told when its weights are in the open/)
    assert.equal(await page.locator('.legend .waiting').count(), 1)
    await looksRight(page, 'a network that waits')
    await page.goto(`${waiting.url}/intervals/1`)
    await page.getByText('Nothing is shown before its weights are out').waitFor()
    assert.equal(await page.getByText('Verdicts', { exact: true }).count(), 0)
    await looksRight(page, 'an interval that waits')
    await page.goto(`${waiting.url}/intervals`)
    await page.getByText('shown when its weights are out').waitFor()
    await looksRight(page, 'a list with one that waits')
    assert.deepEqual(wrong, [])
  })

  it('show what a follower found, and whose word it is', async () => {
    const { page } = await open(full, '/judge')
    await page.getByText('1 failure in 1 audited interval').waitFor()
    const chain = '--subtensor.chain_endpoint http://127.0.0.1:7606'
    for (const what of ['1', '--follow']) {
      await page.getByText(`npx fractal audit ${what} --api ${full.url} ${chain}`).waitFor()
    }
    await page.getByText('Ada, who lives elsewhere').waitFor()
    await page.getByText(/Nothing signs this: the operator of this API chose to show it/).waitFor()
    await page.getByText(/record is withheld/).waitFor()
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

  it('say of a prover that was caught how often, when last and what follows, before anything else', async () => {
    const { page } = await open(full, `/provers/${weak.hotkey}`)
    const notice = page.locator('.notice').first()
    assert.match(
      (await notice.textContent())!,
      /^Caught cheating: 2 answers that it did not compute as asked.*The last in interval 1, .* ago\. It has no weight, so it earns nothing\./,
    )
    const all = (await page.locator('main').textContent())!
    assert.match(all, /2 of its answers were found to be cheats, the last in interval 1\./)
    for (const clean of [/everyone starts/i, /everybody starts/i, /no cheat was found(?! in)/]) {
      assert.doesNotMatch(all, clean)
    }
    await page.goto(full.url)
    await page.locator('.provers').waitFor()
    const heads = await page.locator('.provers thead th').allTextContents()
    const row = page.locator('tr', { has: page.locator(`a[href$="${weak.hotkey}"]`) })
    await row.waitFor()
    const cells = await row.locator('td').allTextContents()
    assert.equal(cells[heads.indexOf('Cheats')], '2')
    const facts = await page.locator('.facts dt').allTextContents()
    assert.ok(!facts.some((name) => /success/i.test(name)), facts.join(', '))
  })

  it('tell a caught cheat from an alarm, and every mark of the strip by its legend', async () => {
    const { page } = await open(full, '/')
    const caught = page.locator('.strip a[aria-label^="Interval 1:"]')
    assert.match((await caught.getAttribute('aria-label'))!, /2 cheats caught/)
    const alarm = await page.evaluate<string>(ALARM)
    const painted = [await caught.evaluate(ink), await caught.evaluate(ground)]
    assert.ok(!painted.includes(alarm), `${painted} is not ${alarm}`)
    const legend = await page.locator('.legend li').allTextContents()
    for (const cell of await page.locator('.strip a').all()) {
      const kind = await cell.getAttribute('class')
      assert.equal(await page.locator(`.legend .${kind}`).count(), 1, `${kind} of ${legend}`)
    }
  })

  it('line bars and marks up with their headings', async () => {
    const { page } = await open(full, '/')
    const left = async (selector: string) => (await page.locator(selector).first().boundingBox())!.x
    for (const [column, within] of [
      ['Score', '.scored'],
      ['Last verdicts', '.verdicts'],
    ] as const) {
      const heading = page.locator('.provers thead th', { hasText: column })
      const head = await heading.evaluate(textLeft)
      assert.ok(Math.abs(head - (await left(within))) < 1, `${column}: ${head}`)
    }
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
      /not the bytes that the verifier computed twice/,
    )
    await page.getByText('What binds the verifier').waitFor()
  })

  it('never say that a prover gets requests which nobody can send it', async () => {
    const gone = [
      { reachable: false, unreachable_reason: 'refused' },
      { present: false, reachable: null },
    ]
    for (const changes of gone) {
      const { page } = await visit({ origin: full.url })
      await page.route(`**/v1/network/provers/${good.hotkey}`, async (route) => {
        const res = await route.fetch()
        await route.fulfill({ response: res, json: { ...(await res.json()), ...changes } })
      })
      await page.goto(`${full.url}/provers/${good.hotkey}`)
      await page.getByText('Gets no requests').waitFor()
      assert.equal(await page.getByText('Gets requests', { exact: true }).count(), 0)
    }
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
      [503, 'ledger_unavailable', /ledger is unavailable/],
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

  it('/docs shows every operation of the document, and asks this server when told to', async () => {
    const { page, wrong } = await open(full, '/docs')
    await page.locator('.operation').first().waitFor()
    const document = (await (await full.fetch('/openapi.json')).json()) as {
      paths: Record<string, object>
      webhooks?: Record<string, object>
    }
    const operations = [document.paths, document.webhooks ?? {}]
      .flatMap((part) => Object.values(part))
      .flatMap((path) => Object.keys(path))
    assert.equal(await page.locator('.operation').count(), operations.length)
    await openAll(page)
    await openAll(page) // and what that showed
    await looksRight(page, '/docs, opened')
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(await nameless(page), [])

    const network = page.locator('#getNetwork')
    assert.match((await network.textContent())!, /No key needed/)
    await network.getByRole('button', { name: 'Try it here' }).click()
    await network.getByRole('button', { name: 'Send GET' }).click()
    await network.getByText('200 OK').waitFor()
    assert.match((await network.locator('pre').last().textContent())!, /"object": "network"/)
    const create = page.locator('#createVideo')
    await create.getByRole('button', { name: 'Try it here' }).click()
    await create.getByText('A key is needed for this').waitFor()
    assert.deepEqual(wrong, [])
  })
})
