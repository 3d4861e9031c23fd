import { gunzipSync } from 'node:zlib'
import { createCloseInterval } from '../../../activities/interval/close-interval.js'
import { createSettleInterval } from '../../../activities/interval/settle-interval.js'
import { createSignRecord } from '../../../activities/interval/sign-record.js'
import { createFetchOpenings } from '../../../activities/judging/fetch-openings.js'
import { type Engine, openEngine } from '../../../engine/engine.js'
import { signedRecordText } from '../../../formats/signed-record.js'
import type { Database } from '../../../ledger/database.js'
import { recordOf } from '../../../ledger/intervals/records.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { evidenceFile } from '../../../ledger/judging/evidence.js'
import { type CheckKind, verdictsOf } from '../../../ledger/judging/verdicts.js'
import { IntervalSite } from '../../activities/interval/interval-site.js'
import { run } from '../../activities/verifier-site.js'
import { setWeights } from '../../activities/weights/scene.js'
import type { ChainHarness } from '../../chain/contract.js'
import { TINY_MODEL } from '../../engine/fixtures.js'
import { recordBody } from '../../support/records/record-body.js'

/** An interval with a real model and a real chain, all the way to its weights. */
export interface RealInterval {
  readonly site: IntervalSite
  readonly engine: Engine
  /** Its published record. */
  readonly text: string
  /** The evidence of a cheat that was found by such a check. */
  evidence(kind: CheckKind): Promise<string>
  close(): Promise<void>
}

/** The engine without its end, so that several may have it. */
function shared(engine: Engine, changes: Partial<Engine> = {}): Engine {
  return {
    modelRoot: engine.modelRoot,
    determinismClass: engine.determinismClass,
    software: engine.software,
    descriptor: engine.descriptor,
    device: engine.device,
    instance: engine.instance,
    generate: (params, hooks) => engine.generate(params, hooks),
    classNow: (hooks) => engine.classNow(hooks),
    recomputeStep: (params, opened, hooks) => engine.recomputeStep(params, opened, hooks),
    stateSize: (params, i) => engine.stateSize(params, i),
    close: async () => undefined,
    ...changes,
  }
}

/** Plays interval 1 of a verifier with an honest prover, and with one that uses less guidance than was asked for. */
export async function realInterval(chain: ChainHarness, db: Database): Promise<RealInterval> {
  const engine = await openEngine({ modelDir: TINY_MODEL, device: 'cpu' })
  const cheat = shared(engine, {
    generate: (params, hooks) =>
      engine.generate({ ...params, guidanceMilli: params.guidanceMilli - 500 }, hooks),
  })
  const real = { gpu: shared(engine), provers: [shared(engine), cheat] }
  const site = await IntervalSite.open(chain, db, ['honest', 'honest'], {}, db, real)
  const { deps } = site.verifier
  const n = 1
  await site.begin()
  for (const i of [0, 1]) await site.serve(n, i)
  await site.askWide(n)
  await site.ask(n)
  await run(createFetchOpenings(deps), { n, final: true })
  await site.computeSpotChecks(n)
  await run(createCloseInterval(deps), { n })
  await site.recompute(n, { round: 0 })
  await site.recompute(n, 'audits')
  await site.judge(n, true)
  await run(createSettleInterval(deps), { n })
  await setWeights(site.verifier, n)
  await run(createSignRecord(deps), { n })
  const set = (await weightSet(db, deps.id, n))!
  const block = set.input!.block as { number: number }
  const published = {
    kind: set.kind,
    sent_block: block.number,
    included_block: set.includedBlock,
  }
  const { signature } = (await recordOf(db, deps.id, n))!
  return {
    site,
    engine,
    text: signedRecordText((await recordBody(db, deps.id, n))!, signature!, published),
    async evidence(kind) {
      const rows = await verdictsOf(db, deps.id, n)
      const found = rows.find((row) => row.kind === kind && row.evidenceSha256 !== null)!
      return gunzipSync((await evidenceFile(db, deps.id, found.evidenceSha256!))!).toString()
    },
    async close() {
      await site.close()
      await engine.close()
    },
  }
}
