import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Absences } from './absences.js'
import { type DeathRates, drawDeaths } from './draw-deaths.js'
import type { TestGrid } from './test-grid.js'

export interface RandomDeaths {
  readonly seed: number
  readonly count: number
  readonly rates?: DeathRates
  /** Takes note of who was away. */
  readonly away: Absences
  /** @param died how many until now */
  readonly afterEach?: (died: number) => Promise<void>
}

/** Kills processes of a grid whose user asks for a video before each death; the chain keeps what was final. */
export async function killAtRandom(
  site: TestGrid,
  { seed, count, rates, away, afterEach }: RandomDeaths,
): Promise<void> {
  const { chain, user, processes } = site
  let died = 0
  for (const { who, afterMs, downMs } of drawDeaths(seed, count, processes, rates)) {
    void user.ask(`video-${died}-${seed}`, { waits: died % 2 === 1 })
    await sleep(afterMs)
    const final = await chain.finalized()
    const areBack = away.begin(who)
    await Promise.all(who.map((name) => site.kill(name)))
    await sleep(downMs)
    await startAgain(site, who)
    areBack()
    const last = await site.newest()
    died += who.length
    console.warn(`      ${died} of ${count}: ${who.join(' and ')}, interval ${last}`)
    assert.deepEqual(await chain.blockAt(final.number), final, 'the chain lost a final block')
    await afterEach?.(died)
  }
}

/** Roles at once, after what they need. */
async function startAgain(site: TestGrid, names: readonly string[]): Promise<void> {
  for (const name of site.stores.filter((each) => names.includes(each))) await site.start(name)
  const roles = names.filter((name) => !site.stores.includes(name))
  await Promise.all(roles.map((name) => site.start(name)))
}
