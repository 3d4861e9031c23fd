import { randomInt } from 'node:crypto'
import { resolveOptions } from '../../base/options/options.js'
import { type Engine, openEngine } from '../../engine/engine.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { generationParams } from '../../formats/generation.js'
import type { Finding } from '../../rules/audit/finding.js'
import type { RecordedAnswer } from '../../rules/record/answer-columns.js'
import type { RecordedChallenge } from '../../rules/record/public-record.js'
import { decodeBody } from '../../wire/generation-body.js'
import { environmentOver } from '../environment.js'
import type { SignedRecord } from './signed-record.js'

interface RecomputeOptions {
  /** So many challenges, drawn by this machine. */
  readonly recompute: number
  readonly modelDir: unknown
  readonly device: unknown
}

interface Answered {
  readonly item: RecordedChallenge & { readonly body: string }
  readonly row: RecordedAnswer
}

/** Generates some challenges again here, and compares the bytes with what provers answered and what they got for it. */
export async function recompute(
  { read }: SignedRecord,
  options: RecomputeOptions,
): Promise<{ findings: Finding[]; notes: string[] }> {
  const answered = read.record.challenges.flatMap((item): Answered[] => {
    const row = read.byId.get(item.requestId)
    const { body } = item
    return body === null || row === undefined || row.answer === null
      ? []
      : [{ item: { ...item, body }, row }]
  })
  const drawn = draw(answered, options.recompute)
  if (drawn.length === 0) return { findings: [], notes: ['no challenge could be computed again'] }
  const { device, 'model.dir': modelDir } = resolveOptions(
    ['device', 'model.dir'],
    { device: options.device, 'model.dir': options.modelDir },
    environmentOver({ FRACTAL_DEVICE: 'cpu' }),
  )
  const engine = await openEngine({ modelDir: modelDir ?? defaultModelDir(), device })
  try {
    return await compareAll(engine, read.record.modelRoot, drawn)
  } finally {
    await engine.close()
  }
}

function draw(answered: Answered[], count: number): Answered[] {
  const left = [...answered]
  const drawn: Answered[] = []
  while (left.length > 0 && drawn.length < count) {
    drawn.push(...left.splice(randomInt(left.length), 1))
  }
  return drawn
}

async function compareAll(engine: Engine, modelRoot: string, drawn: readonly Answered[]) {
  if (engine.modelRoot !== modelRoot) {
    const what = `is of model ${modelRoot}, this machine has ${engine.modelRoot}: give --model.dir`
    return { findings: [{ where: 'model_root', what }], notes: [] }
  }
  const findings: Finding[] = []
  const counts = { equal: 0, cheats: 0, others: 0 }
  const begun = performance.now()
  for (const { item, row } of drawn) {
    const { framesSha256, traceRoot } = await engine.generate(
      generationParams(decodeBody(Buffer.from(item.body))),
    )
    const answer = row.answer!
    const isEqual = answer.framesSha256 === framesSha256 && answer.traceRoot === traceRoot
    const sameClass = answer.determinismClass === engine.determinismClass
    if (isEqual) counts.equal += 1
    else if (!sameClass) counts.others += 1
    else if (challengeOf(row)?.verdict === 'cheat') counts.cheats += 1
    findings.push(...verdictFinding(row, isEqual, sameClass))
  }
  const seconds = ((performance.now() - begun) / 1000 / drawn.length).toFixed(1)
  const challenges = `${drawn.length} challenge${drawn.length === 1 ? '' : 's'}`
  const found = [
    `${counts.equal} with equal bytes`,
    ...(counts.cheats === 0 ? [] : [`${counts.cheats} judged a cheat, with other bytes indeed`]),
    ...(counts.others === 0 ? [] : [`${counts.others} of another class prove nothing`]),
  ]
  const note = `${challenges} computed again here, ${seconds} s each: ${found.join(', ')}`
  return { findings, notes: [note] }
}

function challengeOf(row: RecordedAnswer) {
  return row.checks.find(({ kind }) => kind === 'challenge')
}

/** Whether a verdict on equal bytes agrees with what this machine computes. */
function verdictFinding(row: RecordedAnswer, isEqual: boolean, sameClass: boolean): Finding[] {
  const check = challengeOf(row)
  const where = `answers ${row.requestId}`
  if (check?.verdict === 'cheat' && isEqual) {
    return [
      { where, what: `of ${row.hotkey} is called a cheat, but this machine computes the same` },
    ]
  }
  if (check?.reason === 'hash_equal' && !isEqual && sameClass) {
    return [
      { where, what: `of ${row.hotkey} passed as equal, but this machine computes other bytes` },
    ]
  }
  return []
}
