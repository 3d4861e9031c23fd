import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { TEST_KEY } from '../../api/server.js'
import { useBrowser } from './browser.js'
import { good, useLivedNetwork, weak } from './lived-network.js'

/** Layout shifts as the browser counts them, each with what moved. */
const WATCH_SHIFTS = `
  window.shifts = []
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries()) {
      if (hadRecentInput) continue
      const moved = sources.map(({ node, previousRect, currentRect }) =>
        (node?.className || node?.nodeName) + ' ' + previousRect.y + ' to ' + currentRect.y)
      window.shifts.push([value, moved.join(', ')])
    }
  }).observe({ type: 'layout-shift', buffered: true })`

/** "Good" ends at it (web.dev/cls). */
const MOST_SHIFT = 0.1

/** Answers of the network come one after the other, as they do from afar: the worst order for a page. */
const LATE_MS: readonly [RegExp, number][] = [
  [/\/v1\/network\/tiers/, 450],
  [/\/v1\/network\/intervals/, 300],
  [/\/v1\/network\/provers/, 150],
  [/\/v1\/network$/, 600],
  [/\/v1\/|\/openapi\.json/, 250],
]

describe('the pages while their data arrives', function () {
  this.timeout(120_000)
  const network = useLivedNetwork()
  const visit = useBrowser()

  async function shiftsOf(page: Page, path: string, shown: string): Promise<[number, string][]> {
    await page.addInitScript(WATCH_SHIFTS)
    await page.route(/\/v1\/|\/openapi\.json/, async (route) => {
      const ms = LATE_MS.find(([pattern]) => pattern.test(route.request().url()))![1]
      const res = await route.fetch()
      await new Promise((done) => setTimeout(done, ms))
      await route.fulfill({ response: res })
    })
    await page.goto(network().full.url + path)
    await page.locator(shown).first().waitFor()
    await page.locator('.skeleton').first().waitFor({ state: 'detached' })
    // What was laid out last is reported with the frame after.
    await page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    )
    return page.evaluate('window.shifts')
  }

  const pages: [string, string][] = [
    ['/', '.provers td'],
    [`/provers/${good.hotkey}`, '.chart'],
    [`/provers/${weak.hotkey}`, '.chart'],
    ['/intervals', 'tbody tr'],
    ['/intervals/1', 'tbody tr'],
    [`/playground#key=${TEST_KEY}`, '.videos, .empty'],
    ['/docs', '.operation'],
  ]
  for (const [path, shown] of pages) {
    for (const width of [390, 1440]) {
      it(`keep ${path.split('#')[0]!.replace(/5\w+/, '…')} in its place at ${width} px`, async () => {
        const { page } = await visit({ origin: network().full.url, width })
        const shifts = await shiftsOf(page, path, shown)
        const sum = shifts.reduce((all, [value]) => all + value, 0)
        assert.ok(sum < MOST_SHIFT, `${sum.toFixed(3)}: ${JSON.stringify(shifts)}`)
      })
    }
  }

  it('are no longer than a thumb will bear on a phone', async () => {
    const { page } = await visit({ origin: network().full.url, width: 390 })
    // As many verdicts as a page of them has, all with long reasons.
    await page.route('**/v1/network/provers/*', async (route) => {
      const res = await route.fetch()
      const prover = (await res.json()) as { verdicts: { request_id: string }[] }
      const [verdict] = prover.verdicts
      const verdicts = Array.from({ length: 50 }, (_, i) => ({ ...verdict, request_id: `${i}` }))
      await route.fulfill({ response: res, json: { ...prover, verdicts } })
    })
    await page.goto(`${network().full.url}/provers/${weak.hotkey}`)
    await page.locator('.chart').waitFor()
    const height: number = await page.evaluate('document.documentElement.scrollHeight')
    assert.ok(height < 4_600, `${height} px`)
    await page.getByRole('button', { name: 'Show all 50' }).click()
    assert.equal(
      await page
        .getByRole('table', { name: /^Verdicts/ })
        .locator('tbody tr')
        .count(),
      50,
    )
  })
})
