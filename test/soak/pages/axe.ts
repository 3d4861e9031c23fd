import axe from 'axe-core'
import type { Page } from 'playwright-core'

/**
 * Read in the page: what axe found, as `rule: first element`. Contrast is left out: it is its slowest rule, and
 * `faintTexts` measures it as painted, in both themes.
 */
const RUN = `(async () => {
  const { violations } = await axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    rules: { 'color-contrast': { enabled: false } },
    resultTypes: ['violations'],
  })
  return violations.map(({ id, help, nodes }) => id + ' (' + help + '): ' + nodes.length + ' × ' + nodes[0].html.slice(0, 160))
})()`

/** What axe has to say against the page as it stands: nothing, if all is well. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(RUN)
}
