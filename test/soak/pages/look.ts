import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

/** Pixels by which the page is wider than its window: somebody would have to scroll sideways. */
function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - window.innerWidth')
}

const FAINT_TEXTS = readFileSync(new URL('faint-texts.js', import.meta.url), 'utf8')

/**
 * Texts with less contrast than WCAG AA asks for, as they are painted: `what 3.9:1`. Each text's colour
 * is taken over the backgrounds below it, see-through ones included; disabled controls are exempt.
 */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(FAINT_TEXTS)
}

const WIDTHS = [390, 768, 1440] as const
const THEMES = ['light', 'dark'] as const

/** Nothing sticks out at any width, and all of it can be read in both themes. */
export async function looksRight(page: Page, what: string): Promise<void> {
  // What fades in is not there yet.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 })
    assert.equal(await overflow(page), 0, `${what} sticks out at ${width} px`)
  }
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme })
    // A page that follows the theme by a script has done so by its next frame.
    await page.evaluate(
      'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
    )
    assert.deepEqual(await faintTexts(page), [], `${what}, ${colorScheme}: too faint`)
  }
}

interface AxNode {
  readonly ignored: boolean
  readonly role?: { readonly value?: unknown }
  readonly name?: { readonly value?: unknown }
}

const NAMED_ROLES: readonly unknown[] = [
  'button',
  'link',
  'textbox',
  'searchbox',
  'spinbutton',
  'combobox',
  'checkbox',
  'slider',
  'progressbar',
  'img',
  'image',
  'region',
  'form',
  'navigation',
  'table',
]

/** Roles of what a screen reader meets without a name. */
export async function nameless(page: Page): Promise<unknown[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] }
  await session.detach()
  return nodes
    .filter(({ ignored, role }) => !ignored && NAMED_ROLES.includes(role?.value))
    .filter(({ name }) => name?.value === undefined || name.value === '')
    .map(({ role }) => role?.value)
}
