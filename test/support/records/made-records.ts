import { createHash } from 'node:crypto'
import { type Signer, signText } from '../../../base/sr25519.js'
import { answerText } from '../../../formats/answer.js'
import { fromHex, type Hex } from '../../../formats/bytes.js'
import { canonicalJson } from '../../../formats/canonical-json.js'
import { commitmentText } from '../../../formats/commitment.js'
import { type DrawSource, drawBytes } from '../../../formats/draws.js'
import { generationBodyText, workOf } from '../../../formats/generation.js'
import { recordHash, recordText } from '../../../formats/record.js'
import { requestIdFromBytes } from '../../../formats/request-id.js'
import { signedRecordText } from '../../../formats/signed-record.js'
import { pixelsOf } from '../../../formats/video-shape.js'
import { proverId } from '../../../rules/audit/audit-link.js'
import { weightInput } from '../../../rules/audit/audit-settlement.js'
import { drawAudits } from '../../../rules/plan/audits.js'
import { reusedHash, textsOf } from '../../../rules/plan/draw-prompt.js'
import { drawRequest, requestBody } from '../../../rules/plan/draw-request.js'
import { gpuBudget } from '../../../rules/plan/gpu-budget.js'
import { planInterval } from '../../../rules/plan/plan.js'
import { drawSample } from '../../../rules/plan/sample.js'
import { isSpotChecked, spotCheckCostUs, spotCheckUs } from '../../../rules/plan/spot-checks.js'
import { PRODUCTION_PROFILE, TEST_PROFILE } from '../../../rules/profile.js'
import {
  type AnswerCheck,
  encodeAnswers,
  type RecordedAnswer,
} from '../../../rules/record/answer-columns.js'
import { snakeNames } from '../../../rules/record/names.js'
import { ProverPlaces } from '../../../rules/record/prover-places.js'
import {
  type PublicRecord,
  RECORD_VERSION,
  type RecordedPlan,
} from '../../../rules/record/public-record.js'
import { profileOf, settlementInput } from '../../../rules/record/settlement-input.js'
import { deadlineMs } from '../../../rules/routing/deadlines.js'
import { settle } from '../../../rules/settle/settle.js'
import { newProverState, type ProverSettlement } from '../../../rules/settle/settlement.js'
import { weightVector } from '../../../rules/settle/weights.js'
import { testSigner } from '../../chain/keys.js'

const MODEL = { steps: 3, guidanceMilli: 3000, frames: 2, width: 8, height: 8, fps: 8 }
const CLASS = `fc2;engine=test;model=${'ab'.repeat(32)};ep=cpu;device=test;fingerprint=${'cd'.repeat(32)}`
export const GENESIS = '11'.repeat(32)
const NETUID = 7
const LENGTH = 20
const SILVER_RAO = '4096000000000'

export interface MadeRecords {
  readonly verifier: Signer
  readonly provers: readonly Signer[]
  /** Users' requests that each prover serves in an interval. */
  readonly served: number
  /** Intervals made so far. */
  readonly made: Made[]
  /** A subnet's own profile, or the scaled-down one. */
  readonly profile: 'production' | 'test'
  /** Of a spot check of one pixel: what an interval spends on them is as much as its GPU has. */
  readonly usPerPixel: number
  /** So many recent requests of users, with prompts of their own, are what checks are made to look like. */
  readonly traffic: number
  /** The class's cold price, µs. */
  readonly coldUs: number
}

/** An interval's record, and what it was made of. */
export interface Made {
  record: PublicRecord
  answers: RecordedAnswer[]
  hash: Hex
  body: string
  signature: string
  /** The published file. */
  text: string
}

/** A verifier and its provers, who serve and are judged as the rules say, on paper only. */
export function madeRecords(
  count: number,
  options: Partial<
    Pick<MadeRecords, 'served' | 'profile' | 'usPerPixel' | 'traffic' | 'coldUs'>
  > = {},
): MadeRecords {
  return {
    verifier: testSigner('verifier'),
    provers: Array.from({ length: count }, (_, i) => testSigner(`prover ${i}`)),
    served: options.served ?? 3,
    made: [],
    profile: options.profile ?? 'test',
    usPerPixel: options.usPerPixel ?? 1000,
    traffic: options.traffic ?? 0,
    coldUs: options.coldUs ?? 0,
  }
}

const digest = (text: string): Hex => createHash('sha256').update(text).digest('hex')

/** The secret that an honest verifier has for interval n. */
export function secretOf(n: number): Hex {
  return digest(`secret ${n}`)
}

/** Makes the record of the next interval. @param change what its verifier does instead, before it signs */
export function makeNext(
  records: MadeRecords,
  change: (record: PublicRecord, answers: RecordedAnswer[]) => void = () => {},
): Made {
  const n = records.made.length + 1
  const draft = draftRecord(records, n)
  change(draft.record, draft.answers)
  const made = signed(records, draft.record, draft.answers)
  records.made.push(made)
  return made
}

/** The record as it is signed and published by its verifier. */
export function signed(
  { verifier }: Pick<MadeRecords, 'verifier'>,
  record: PublicRecord,
  answers: RecordedAnswer[],
): Made {
  const body = canonicalJson(snakeNames(record))
  const hash = recordHash(body)
  const signature = signText(verifier, recordText(hash))
  const block = record.firstBlock + LENGTH
  const published = { kind: 'weights', sent_block: block, included_block: block + 1 }
  return {
    record,
    answers,
    hash,
    body,
    signature,
    text: signedRecordText(body, signature, published),
  }
}

function commitment(verifier: Signer, n: number) {
  const secretSha256 = createHash('sha256')
    .update(fromHex(secretOf(n)))
    .digest('hex')
  const text = commitmentText({
    genesisHash: GENESIS,
    netuid: NETUID,
    verifier: verifier.ss58,
    n,
    secretSha256,
  })
  return { secretSha256, signature: signText(verifier, text) }
}

function draftRecord(records: MadeRecords, n: number) {
  const { verifier, provers, made, usPerPixel, traffic, coldUs } = records
  const last = made.at(-1) ?? null
  const left = new Map((last?.record.settlement?.provers ?? []).map((row) => [proverId(row), row]))
  const keys = provers.map(({ ss58: hotkey }, uid) => ({ hotkey, registeredBlock: 1, uid }))
  const source = { secret: fromHex(secretOf(n)), blockHash: fromHex(digest(`block ${n}`)) }
  const pixels =
    last === null
      ? 2 * 2 * keys.length * pixelsOf(MODEL)
      : last.answers
          .filter(({ kind, outcome }) => kind !== 'challenge' && outcome === 'success')
          .reduce((sum, { shape }) => sum + pixelsOf(shape!), 0)
  const { vpermitTaoLimit: _, ...profile } =
    records.profile === 'test' ? TEST_PROFILE : PRODUCTION_PROFILE
  const budget = { usPerVideo: 200_000, gpus: 1, blockMs: 12_000 }
  const plan: RecordedPlan = {
    model: { name: 'test', ...MODEL },
    recentRequests: Array.from({ length: traffic }, (_, i) => {
      const negativePrompt = i % 3 === 0
      return { ...MODEL, negativePrompt, cancelled: false }
    }),
    prompts: Array.from({ length: 50 }, (_, i) => `prompt number ${i}`),
    reusablePrompts: Array.from({ length: traffic }, (_, i) => ({
      promptSha256: digest(`user prompt ${i}`),
      negativePrompt: i % 3 === 0,
      servedBy: [keys[i % keys.length]!.hotkey],
    })),
    provers: keys.map(({ hotkey, registeredBlock }) => ({
      hotkey,
      registeredBlock,
      lastFullCheckN: last?.answers.some((row) => row.kind === 'challenge' && row.hotkey === hotkey)
        ? n - 1
        : null,
      hasAddress: true,
    })),
    gpuUsPerWork: 500_000_000,
    gpuColdUs: coldUs,
    budget,
    spotChecks: {
      budgetUs: gpuBudget({ ...budget, length: LENGTH }).spotcheckUs,
      costUs: spotCheckCostUs(usPerPixel * 1_000_000, pixels),
      usPerPixel: usPerPixel * 1_000_000,
      pixels,
      spentUs: 0,
    },
  }
  const recordedProfile = { ...profile, vpermitLimitRao: SILVER_RAO }
  const asked = ask(records, n, source, plan, recordedProfile)
  const places = new ProverPlaces()
  const record: PublicRecord = {
    version: RECORD_VERSION,
    genesisHash: GENESIS,
    netuid: NETUID,
    verifier: verifier.ss58,
    n,
    firstBlock: 100 + LENGTH * (n - 1),
    length: LENGTH,
    firstBlockHash: digest(`block ${n}`),
    openedAfter: last === null ? null : n - 1,
    previous: last && { n: n - 1, hash: last.hash },
    missed: [],
    outcome: 'settled',
    profile: recordedProfile,
    modelRoot: 'ab'.repeat(32),
    secret: secretOf(n),
    commitment: commitment(verifier, n),
    nextCommitment: commitment(verifier, n + 1),
    certificates: [
      {
        determinismClass: CLASS,
        exact: true,
        runs: 4,
        processes: 2,
        usPerWork: 500_000_000,
        coldUs,
        spotCheckUsPerPixel: usPerPixel * 1_000_000,
        stepDeviation: 0,
        frameDeviation: 0,
        profile: records.profile,
      },
    ],
    opening: keys.map((key) => ({
      ...key,
      coldkey: key.hotkey,
      ...openedAs(left.get(proverId(key))),
      determinismClass: CLASS,
      modelRoot: 'ab'.repeat(32),
      capacity: 2,
      hasAddress: true,
      reachable: true,
    })),
    plan: { ...plan, spotChecks: { ...plan.spotChecks, spentUs: asked.spentUs } },
    rounds: asked.rounds,
    challenges: asked.challenges,
    wideRounds: asked.wideRounds.map(({ round }) => ({
      round,
      provers: keys.map((key) => ({ prover: places.indexOf(key), gpus: 1, inFlight: [] })),
    })),
    audits: asked.audits,
    answers: encodeAnswers(asked.answers, places.indexOf),
    otherChecks: [],
    evidence: [],
    standings: keys.map((key) => standing(key, left.get(proverId(key)))),
    dueWideRounds: asked.wideRounds.flatMap(({ round }) =>
      keys.map((key) => ({
        n,
        round,
        prover: places.indexOf(key),
        gpus: 1,
        requests: asked.answers
          .filter((row) => row.wide?.round === round && row.hotkey === key.hotkey)
          .map(({ requestId }) => ({ requestId, ofRound: true, lost: false, elsewhere: null })),
      })),
    ),
    window: windowOf(last, places),
    certifiedUsPerWork: 500_000_000,
    standardWork: workOf(MODEL),
    settlement: null,
    weights: null,
    provers: places.provers,
  }
  resettle(record, asked.answers)
  return { record, answers: asked.answers }
}

/** Settles and weighs what a record tells, as its verifier does. */
export function resettle(record: PublicRecord, answers: readonly RecordedAnswer[]): void {
  record.settlement = settle(settlementInput(record, answers)!)
  const neurons = record.opening.map(({ hotkey }) => hotkey)
  const facts = { neurons, ownUid: null, minAllowed: 1, maxWeightLimit: 65_535 }
  const vector = weightVector(weightInput(record.settlement, facts))
  record.weights = {
    kind: vector.kind,
    reason: vector.kind === 'weights' ? null : vector.reason,
    block: { number: record.firstBlock + LENGTH, hash: digest('settled') },
    ...facts,
    uids: vector.kind === 'weights' ? vector.uids : [],
    values: vector.kind === 'weights' ? vector.values : [],
  }
}

function openedAs(before: ProverSettlement | undefined) {
  return {
    tier: before?.tierAfter ?? ('bronze' as const),
    totalSuccesses: before?.totalAfter ?? 0,
    scorePpm: before?.scoreAfter ?? 0,
  }
}

function standing(
  key: { hotkey: string; registeredBlock: number; uid: number },
  before: ProverSettlement | undefined,
) {
  if (before === undefined) return newProverState(key)
  const { validationsSinceMove, fastReturn } = before
  return { ...key, ...openedAs(before), validationsSinceMove, fastReturn, hasAddress: true }
}

function windowOf(last: Made | null, places: ProverPlaces): PublicRecord['window'] {
  if (last === null) return []
  const { record } = last
  const before = (record.window ?? []).map(({ n, counts }) => ({
    n,
    counts: counts.map((row) => ({
      ...row,
      prover: places.indexOf(record.provers[row.prover]!),
    })),
  }))
  const own = record.settlement!.provers.map((row) => ({
    wideRounds: row.wideRounds,
    wideGpus: row.wideGpus,
    newestWideGpus: row.newestWideGpus,
    wideSlots: row.wideSlots,
    wideKept: row.wideKept,
    offered: row.offered,
    accepted: row.accepted,
    prover: places.indexOf(row),
  }))
  return [...before, { n: record.n, counts: own }].slice(-19)
}

type Asked = Pick<PublicRecord, 'rounds' | 'challenges' | 'audits'> & {
  answers: RecordedAnswer[]
  wideRounds: { round: number }[]
  spentUs: number
}

function ask(
  records: MadeRecords,
  n: number,
  source: DrawSource,
  plan: RecordedPlan,
  recordedProfile: NonNullable<PublicRecord['profile']>,
): Asked {
  const profile = profileOf(recordedProfile)
  const planned = planInterval({ ...plan, profile, n, firstBlock: 0, length: LENGTH }, source)
  const rounds = planned.rounds.map((round, begun) => ({ ...round, begun, busy: [] }))
  const signers = new Map(records.provers.map((signer) => [signer.ss58, signer]))
  const answers: RecordedAnswer[] = []
  const challenges: PublicRecord['challenges'] = []
  const drawn = new Map<string, number>()
  const own = (label: string, hotkey: string, kind: 'challenge' | 'wide', round: number) => {
    const request = drawRequest(plan, source, label, hotkey)
    const deadline = deadlineMs({
      floorMs: profile.deadlineFloorMs,
      certifiedUsPerWork: plan.gpuUsPerWork,
      certifiedColdUs: plan.gpuColdUs,
      work: workOf(request.params),
    })
    // A user's words are in no record.
    const texts = textsOf(request.prompt, new Map())
    const text =
      texts === null
        ? null
        : generationBodyText({ ...requestBody(request, texts), deadline_ms: deadline })
    const row = answered(records, signers.get(hotkey)!, {
      requestId: request.requestId,
      kind,
      bodySha256: digest(text ?? label),
      promptSha256: reusedHash(request.prompt),
      wide: kind === 'wide' ? { n, round } : null,
      key: null,
    })
    answers.push(row)
    return { row, text, deadline }
  }
  for (const { kind, round, momentMs } of rounds) {
    if (kind === 'wide') {
      for (const { hotkey } of plan.provers) {
        for (const i of [0, 1]) own(`wide/${round}/${hotkey}/${i}`, hotkey, 'wide', round)
      }
      continue
    }
    const candidates = plan.provers.map(({ hotkey, registeredBlock, lastFullCheckN }) => {
      const moment = drawn.get(hotkey)
      const before = lastFullCheckN === null ? null : { n: lastFullCheckN, momentMs: 0 }
      const lastFullCheck = moment === undefined ? before : { n, momentMs: moment }
      return { hotkey, registeredBlock, lastFullCheck }
    })
    const label = `challenge/${round}`
    drawSample(source, label, candidates, profile.sampleSize).forEach(({ hotkey }, k) => {
      drawn.set(hotkey, Math.max(momentMs, drawn.get(hotkey) ?? 0))
      const { row, text, deadline } = own(`${label}/${k}`, hotkey, 'challenge', round)
      row.checks.push(passed('challenge', 'hash_equal'))
      challenges.push({
        requestId: row.requestId,
        round,
        k,
        hotkey,
        registeredBlock: 1,
        deadlineMs: deadline,
        bodySha256: row.bodySha256,
        body: text,
        promptSha256: row.promptSha256,
      })
    })
  }
  records.provers.forEach((signer, i) => {
    for (let k = 0; k < records.served; k++) {
      const name = `user ${n}/${i}/${k}`
      answers.push(
        answered(records, signer, {
          requestId: requestIdFromBytes(drawBytes(source, `test/${i}/${k}`, 16)),
          kind: 'inference',
          bodySha256: digest(name),
          promptSha256: null,
          wide: null,
          key: k % 7,
        }),
      )
    }
  })
  const { budgetUs, costUs, usPerPixel } = plan.spotChecks
  let spentUs = 0
  for (const { requestId, kind, answer, checks } of answers) {
    if (kind === 'challenge' || spentUs >= budgetUs!) continue
    const of = { secret: source.secret, requestId, traceRoot: fromHex(answer!.traceRoot) }
    if (!isSpotChecked(of, { budgetUs: budgetUs!, costUs: costUs! })) continue
    spentUs += spotCheckUs(usPerPixel!, pixelsOf(MODEL))
    checks.push(passed('spotcheck', 'step_equal'))
  }
  const candidates = answers
    .filter(({ kind }) => kind !== 'challenge')
    .map(({ requestId }) => ({ requestId, openingRefused: false }))
  const max = Math.max(1, Math.min(2, candidates.length))
  const audited = drawAudits({ answers: candidates, max }, source).sort()
  for (const row of answers) {
    if (audited.includes(row.requestId)) row.checks.push(passed('audit', 'hash_equal'))
  }
  return {
    rounds,
    challenges: challenges.sort((a, b) => a.round - b.round || a.k - b.k),
    audits: { drawn: audited, max, openingRefused: [] },
    answers,
    wideRounds: rounds.filter(({ kind }) => kind === 'wide'),
    spentUs,
  }
}

function passed(kind: AnswerCheck['kind'], reason: AnswerCheck['reason']): AnswerCheck {
  return { kind, verdict: 'pass', reason, rewardPpm: 1_000_000 }
}

function answered(
  { verifier }: MadeRecords,
  prover: Signer,
  of: Pick<RecordedAnswer, 'requestId' | 'kind' | 'bodySha256' | 'promptSha256' | 'wide' | 'key'>,
): RecordedAnswer {
  const terms = {
    framesSha256: digest(`frames ${of.requestId}`),
    traceRoot: digest(`trace ${of.requestId}`),
    determinismClass: CLASS,
    modelRoot: 'ab'.repeat(32),
  }
  const text = answerText({
    genesisHash: GENESIS,
    netuid: NETUID,
    verifier: verifier.ss58,
    prover: prover.ss58,
    bodySha256: of.bodySha256,
    ...terms,
  })
  return {
    ...of,
    hotkey: prover.ss58,
    registeredBlock: 1,
    counted: true,
    gpus: 1,
    inFlight: 0,
    outcome: 'success',
    reason: 'served',
    taken: [],
    shape: { steps: MODEL.steps, frames: MODEL.frames, width: MODEL.width, height: MODEL.height },
    answer: { ...terms, signature: signText(prover, text) },
    checks: [],
  }
}
